// A part of a picture is marked with a mouse, a finger or the keys, and searched with.
//
// <button data-crop-picture="address" data-crop="x,y,width,height" data-crop-link="address with like=12@CROP in it"> opens
// <dialog data-crop>, which holds <img>, a box <div data-box tabindex="0">, a line <output> and the buttons
// data-apply, data-whole and data-cancel. A crop is shares of the upright picture.

const STEP = 0.02;
const LEAST = 0.05;
const WHOLE = { x: 0, y: 0, width: 1, height: 1 };

const clamp = (value, least, most) => Math.min(Math.max(value, least), most);

/** The box inside the picture, at least LEAST wide and high. */
export function inside({ x, y, width, height }) {
  const w = clamp(width, LEAST, 1);
  const h = clamp(height, LEAST, 1);
  return { x: clamp(x, 0, 1 - w), y: clamp(y, 0, 1 - h), width: w, height: h };
}

/** The box between two points; shares. */
export function between(from, to) {
  return inside({
    x: Math.min(from.x, to.x),
    y: Math.min(from.y, to.y),
    width: Math.abs(from.x - to.x),
    height: Math.abs(from.y - to.y),
  });
}

/** The box after a key: arrows move it, with Shift they widen or narrow it. */
export function after(box, key, shift) {
  const across = { ArrowLeft: -STEP, ArrowRight: STEP }[key] ?? 0;
  const down = { ArrowUp: -STEP, ArrowDown: STEP }[key] ?? 0;
  if (!shift) return inside({ ...box, x: box.x + across, y: box.y + down });
  const width = Math.min(box.width + across, 1 - box.x);
  return inside({ ...box, width, height: Math.min(box.height + down, 1 - box.y) });
}

export function cropping(dialog) {
  if (!dialog) return;
  const picture = dialog.querySelector("img");
  const mark = dialog.querySelector("[data-box]");
  const line = dialog.querySelector("output");
  let box = WHOLE;
  let link = "";
  let start = null; // where a mouse or a finger went down: {point, box, moves}

  const show = (next) => {
    box = next;
    const [x, y, width, height] = [box.x, box.y, box.width, box.height].map((share) => `${100 * share}%`);
    Object.assign(mark.style, { left: x, top: y, width, height });
    line.value = `${Math.round(100 * box.width)} × ${Math.round(100 * box.height)} %`;
  };
  const open = (button) => {
    const [x, y, width, height] = (button.dataset.crop || "").split(",").map(Number);
    show(height ? { x, y, width, height } : { x: 0.1, y: 0.1, width: 0.8, height: 0.8 });
    link = button.dataset.cropLink;
    picture.src = button.dataset.cropPicture;
    dialog.showModal();
    mark.focus();
  };
  const go = ({ x, y, width, height }) => {
    const whole = width === 1 && height === 1;
    const crop = [x, y, width, height].map((share) => +share.toFixed(4)).join(",");
    window.location.assign(whole ? link.replace(/(@|%40)CROP/, "") : link.replace("CROP", crop));
  };
  const at = (event) => {
    const { left, top, width, height } = picture.getBoundingClientRect();
    return { x: clamp((event.clientX - left) / width, 0, 1), y: clamp((event.clientY - top) / height, 0, 1) };
  };
  const drag = (event) => {
    const point = at(event);
    if (!start.moves) return show(between(start.point, point));
    return show(inside({ ...start.box, x: start.box.x + point.x - start.point.x, y: start.box.y + point.y - start.point.y }));
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-crop-picture]");
    if (button) open(button);
  });
  const frame = picture.parentElement;
  frame.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    frame.setPointerCapture(event.pointerId);
    start = { point: at(event), box, moves: event.shiftKey };
  });
  frame.addEventListener("pointermove", (event) => start && drag(event));
  frame.addEventListener("pointerup", () => {
    start = null;
    mark.focus();
  });
  frame.addEventListener("pointercancel", () => (start = null));
  mark.addEventListener("keydown", (event) => {
    if (event.key.startsWith("Arrow")) {
      event.preventDefault();
      show(after(box, event.key, event.shiftKey));
    }
    if (event.key === "Enter") go(box);
  });
  dialog.querySelector("[data-apply]").addEventListener("click", () => go(box));
  dialog.querySelector("[data-whole]").addEventListener("click", () => go(WHOLE));
  dialog.querySelector("[data-cancel]").addEventListener("click", () => dialog.close());
}
