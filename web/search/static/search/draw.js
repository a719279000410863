// A sketch is drawn with a mouse, a pen or a finger, and searched with.
//
// <button data-draw> opens <dialog data-draw-dialog>, which holds a <canvas> and the buttons data-apply, data-undo,
// data-clear and data-cancel; <button data-draw="address of a sketch"> begins with that one. What is drawn goes, as a
// PNG, into the form of uploads, whose box data-sketch says that it is a sketch.

const PEN = 6; // pixels of the canvas: what a felt pen is on a sheet of paper

export function drawing(dialog, form) {
  if (!dialog || !form) return;
  const canvas = dialog.querySelector("canvas");
  const pen = canvas.getContext("2d");
  const apply = dialog.querySelector("[data-apply]");
  const undo = dialog.querySelector("[data-undo]");
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
    Object.assign(pen, { strokeStyle: "#000", lineWidth: PEN, lineCap: "round", lineJoin: "round" });
    strokes.forEach(line);
    apply.disabled = !strokes.length && !begun;
    undo.disabled = !strokes.length;
  };
  const clear = () => {
    [strokes, begun] = [[], null];
    show();
  };
  const open = (address) => {
    clear();
    dialog.showModal();
    if (!address) return;
    const picture = new Image();
    picture.onload = () => {
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
    if (button) open(button.dataset.draw);
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
