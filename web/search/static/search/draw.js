// A sketch is drawn with a mouse, a pen or a finger, and searched with.
//
// <button data-draw> opens <dialog data-draw-dialog>, which holds a <canvas> and the buttons data-apply, data-undo,
// data-clear and data-cancel; <button data-draw="address of a sketch" data-rest="link to the question without it"
// data-sign="1"> goes on with that one, which the new one replaces. What is drawn goes, as a PNG, into the form of
// uploads, whose box data-sketch says that it is a sketch. What was drawn stays while the page does.
//
// <canvas data-sees="pixels of a side that the network sees">: of a line thinner than one of them it would see a shadow.

const PEN = 6; // pixels of the canvas: what a felt pen is on a sheet of paper
const SEEN = 1.3; // pixels of what the network sees: as wide as lines are in what it has learned from

/** How wide the pen is on a canvas of which the network sees so many pixels. */
export const wide = (width, sees) => Math.max(PEN, sees ? (SEEN * width) / sees : 0);

/** Make the form ask what the link asks, and with this sign, besides what it sends itself. */
function ask(form, link, sign) {
  form.querySelectorAll("input[type=hidden]:not([name=csrfmiddlewaretoken])").forEach((field) => field.remove());
  for (const [name, value] of new URL(link, location).searchParams) {
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  }
  form.querySelectorAll("input[name=sign]").forEach((choice) => (choice.checked = choice.value === sign));
}

export function drawing(dialog, form) {
  if (!dialog || !form) return;
  const canvas = dialog.querySelector("canvas");
  const pen = canvas.getContext("2d");
  const apply = dialog.querySelector("[data-apply]");
  const undo = dialog.querySelector("[data-undo]");
  const lineWidth = wide(canvas.width, +canvas.dataset.sees);
  let from = null; // the button that opened it
  let strokes = []; // each a list of points, in pixels of the canvas
  let begun = null; // the picture that the drawing begins with

  const line = (points) => {
    pen.beginPath();
    pen.moveTo(points[0].x, points[0].y);
    points.slice(1).forEach(({ x, y }) => pen.lineTo(x, y));
    if (points.length === 1) pen.lineTo(points[0].x + 0.1, points[0].y); // a dot
    pen.stroke();
  };
  const show = () => {
    pen.fillStyle = "#fff"; // paper, in the dark too
    pen.fillRect(0, 0, canvas.width, canvas.height);
    if (begun) {
      const scale = Math.min(canvas.width / begun.naturalWidth, canvas.height / begun.naturalHeight);
      const [width, height] = [begun.naturalWidth * scale, begun.naturalHeight * scale];
      pen.drawImage(begun, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
    }
    Object.assign(pen, { strokeStyle: "#000", lineWidth, lineCap: "round", lineJoin: "round" });
    strokes.forEach(line);
    apply.disabled = !strokes.length && !begun;
    undo.disabled = !strokes.length;
  };
  const clear = () => {
    [strokes, begun] = [[], null];
    show();
  };
  const open = (button) => {
    const address = button.dataset.draw;
    const goesOn = button === from;
    from = button;
    if (!goesOn) clear(); // first: a button that has the focus loses it when it is disabled, and keys go nowhere
    dialog.showModal();
    if (goesOn || !address) return;
    const picture = new Image();
    picture.onload = () => {
      if (from !== button) return;
      begun = picture;
      show();
    };
    picture.src = address;
  };
  const takeBack = () => {
    strokes.pop();
    show();
  };
  const send = () =>
    canvas.toBlob((data) => {
      const files = new DataTransfer();
      files.items.add(new File([data], "sketch.png", { type: "image/png" }));
      form.querySelector("input[type=file]").files = files.files;
      form.querySelector("[data-sketch]").checked = true;
      if (from.dataset.rest) ask(form, from.dataset.rest, from.dataset.sign);
      dialog.close();
      form.classList.add("sending");
      form.requestSubmit();
    }, "image/png");
  const at = (event) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return {
      x: ((event.clientX - left) / width) * canvas.width,
      y: ((event.clientY - top) / height) * canvas.height,
    };
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-draw]");
    if (button) open(button);
  });
  document.querySelectorAll("button[data-draw]").forEach((button) => (button.hidden = false));
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    strokes.push([at(event)]);
    show();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    const between = event.getCoalescedEvents?.() ?? [];
    strokes.at(-1).push(...(between.length ? between : [event]).map(at));
    show();
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      takeBack();
    }
  });
  apply.addEventListener("click", send);
  undo.addEventListener("click", takeBack);
  dialog.querySelector("[data-clear]").addEventListener("click", clear);
  dialog.querySelector("[data-cancel]").addEventListener("click", () => dialog.close());
}
