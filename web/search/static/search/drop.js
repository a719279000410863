// Pictures that are dropped on the page, pasted or chosen go into the form of uploads, which is then sent.
//
// <form data-upload> holds <input type="file" multiple>, a button and a hidden .hint, and is marked "dropping" while files hang over the page,
// "sending" once it is on its way.

export function dropping(form) {
  if (!form) return;
  const field = form.querySelector("input[type=file]");
  form.querySelector("button:not([type=button])").hidden = true; // a choice sends them
  form.querySelector(".hint").hidden = false;
  const send = (files) => {
    const pictures = [...files].filter((file) => file.type.startsWith("image/") || !file.type);
    if (!pictures.length) return;
    const moved = new DataTransfer();
    pictures.forEach((file) => moved.items.add(file));
    field.files = moved.files;
    sent();
  };
  const sent = () => {
    form.classList.add("sending");
    form.requestSubmit();
  };

  field.addEventListener("change", () => field.files.length && sent());
  document.addEventListener("paste", (event) => {
    if (event.clipboardData.files.length) {
      event.preventDefault();
      send(event.clipboardData.files);
    }
  });

  let depth = 0; // of elements that files have entered and not left
  const hold = (change) => (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    depth = Math.max(0, depth + change);
    form.classList.toggle("dropping", depth > 0);
  };
  document.addEventListener("dragenter", hold(1));
  document.addEventListener("dragover", hold(0));
  document.addEventListener("dragleave", hold(-1));
  document.addEventListener("drop", (event) => {
    hold(-depth)(event);
    send(event.dataTransfer.files);
  });
  // The page comes back from history as it was left.
  window.addEventListener("pageshow", () => form.classList.remove("sending"));
}
