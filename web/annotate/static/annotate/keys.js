// Sorting by keyboard; templates/annotate/keys.html tells people the same.

import { change, goTo, rows, tiles } from "./rows.js";

/** The index of the tile above or below that is nearest to the one at ``from``, itself where there is none. */
function beside(every, from, down) {
  const { offsetTop: top, offsetLeft: left } = every[from];
  const others = every.filter((tile) => down * (tile.offsetTop - top) > 0);
  if (!others.length) return from;
  const nearest = Math.min(...others.map((tile) => Math.abs(tile.offsetTop - top)));
  const line = others.filter((tile) => Math.abs(tile.offsetTop - top) === nearest);
  return every.indexOf(line.reduce((a, b) => (Math.abs(b.offsetLeft - left) < Math.abs(a.offsetLeft - left) ? b : a)));
}

function arrow(key, every, from) {
  if (key === "ArrowLeft") return Math.max(0, from - 1);
  if (key === "ArrowRight") return Math.min(every.length - 1, from + 1);
  if (key === "ArrowUp" || key === "ArrowDown") return beside(every, from, key === "ArrowDown" ? 1 : -1);
  if (key === "Home") return 0;
  return key === "End" ? every.length - 1 : null;
}

function tick(row, choose) {
  tiles(row).forEach((tile, index) => (tile.querySelector("input").checked = choose(index)));
}

const click = (selector) => {
  const button = document.querySelector(selector);
  if (button && !button.disabled) button.click();
};

const focus = (selector) => {
  const field = document.querySelector(selector);
  field?.focus();
  field?.select();
};

/** What letters do to the tile that has the focus. */
const ON_TILES = {
  Enter: (row) => change(row, "assign"),
  X: (row) => change(row, "reject"),
  x: (row, tile) => change(row, "reject", tile),
  s: (row) => row.querySelector("[value=split]") && change(row, "split"),
  a: (row) => {
    const all = tiles(row).every((tile) => tile.querySelector("input").checked);
    tick(row, () => !all);
  },
  t: (row, tile) => {
    const upTo = tiles(row).indexOf(tile);
    tick(row, (index) => index <= upTo);
  },
  m: (row) => {
    row.elements.name.focus();
    row.elements.name.select();
  },
};

/** What letters do anywhere but in a field. */
const ANYWHERE = {
  u: () => click("form[data-undo] button"),
  U: () => click("form[data-redo] button"),
  r: () => focus("form[data-rename] [name=name]"),
  g: () => focus("form[data-merge] [name=name]"),
  "/": () => focus("[data-find]"),
  "?": () => document.querySelector("details.keys")?.toggleAttribute("open"),
  j: () => goToRow(1),
  k: () => goToRow(-1),
};

function goToRow(step) {
  const every = rows();
  const row = document.activeElement?.closest("form[data-row]");
  const to = row ? every.indexOf(row) + step : step > 0 ? 0 : every.length - 1;
  if (every[to]) goTo(tiles(every[to])[0]);
  else if (step > 0) goTo(null);
}

function isField(target) {
  return target.closest?.("input:not([type=checkbox]), textarea, select");
}

function onKey(event) {
  if ((event.ctrlKey || event.metaKey) && !event.altKey) return onControl(event);
  if (event.altKey || event.isComposing) return;
  if (isField(event.target)) {
    if (event.key === "Escape") goTo(tiles(event.target.closest("form[data-row]") ?? document)[0]);
    return;
  }
  const tile = event.target.closest?.("[data-tile]");
  const row = tile?.closest("form[data-row]");
  if (row && onTile(event, row, tile)) return;
  if (ANYWHERE[event.key]) {
    event.preventDefault();
    ANYWHERE[event.key]();
  }
}

function onTile(event, row, tile) {
  const every = tiles(row);
  const to = arrow(event.key, every, every.indexOf(tile));
  if (to === null && !ON_TILES[event.key]) return false;
  event.preventDefault();
  if (to === null) ON_TILES[event.key](row, tile);
  else if (every[to] === tile && /Up|Down/.test(event.key)) goToRow(event.key === "ArrowDown" ? 1 : -1);
  else goTo(every[to]);
  return true;
}

function onControl(event) {
  if (isField(event.target)) return;
  const key = event.key.toLowerCase();
  if (key !== "z" && key !== "y") return;
  event.preventDefault();
  ANYWHERE[key === "y" || event.shiftKey ? "U" : "u"]();
}

export function keys() {
  document.addEventListener("keydown", onKey);
}
