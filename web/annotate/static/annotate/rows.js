// Rows to sort: a change of a row is sent, and what is done leaves the page. Without JavaScript the forms do the same.

import { fresh, send, settled } from "./sending.js";
import { offer, tell } from "./told.js";

export const rows = () => [...document.querySelectorAll("form[data-row]")];
export const tiles = (row) => [...row.querySelectorAll("[data-tile]")];
const box = (tile) => tile.querySelector("input[type=checkbox]");
const ticked = (row) => tiles(row).filter((tile) => box(tile).checked);

/** Goes to a tile, or where there is none to what comes after the rows. */
export function goTo(tile) {
  const target = tile ? box(tile) : document.querySelector("[data-next]");
  target?.focus();
  tile?.scrollIntoView({ block: "nearest" });
}

/** Does ``action`` with what is ticked in a row, or with one tile alone. */
export async function change(row, action, tile = null) {
  const name = row.elements.name;
  const words = document.querySelector("[data-rows]").dataset;
  if (!tile && !ticked(row).length) return tell(words.nothing, true);
  if (action !== "reject" && !name.value.trim()) return name.focus();
  const before = place(row, tile);
  row.classList.add("saving");
  tell(words.saving);
  const outcome = await send(row, action, tile && box(tile).value);
  row.classList.remove("saving");
  if (outcome.error) return tell(outcome.error, true);
  offer(outcome);
  mark(row, outcome.clashes);
  tell(outcome.clashes.length ? `${outcome.told}. ${words.again}` : outcome.told, outcome.clashes.length > 0);
  leave(row, outcome.done, before);
}

/** Undoes or redoes, and shows the page as it is then. */
export async function turn(form, action) {
  await settled();
  const outcome = await send(form, action);
  if (outcome.error) return tell(outcome.error, true);
  const told = [outcome.told, ...outcome.clashes.map((clash) => clash.told)].join(". ");
  try {
    await refresh();
  } catch {
    location.assign(document.querySelector("[data-classes]").href); // what the page showed is no more
    return;
  }
  offer(outcome);
  tell(told, outcome.clashes.length > 0);
}

async function refresh() {
  const at = document.activeElement?.closest("[data-tile]")?.dataset.picture;
  const page = await fresh();
  document.querySelector("[data-page]").replaceWith(page.querySelector("[data-page]"));
  goTo(document.querySelector(at ? `[data-tile][data-picture="${at}"]` : "[data-tile]") ?? document.querySelector("[data-tile]"));
}

/** What to go to when pictures have left: the place of the one alone, or null, and the row after. */
function place(row, tile) {
  const every = rows();
  return { at: tile && tiles(row).indexOf(tile), next: every[every.indexOf(row) + 1] };
}

function leave(row, done, { at, next }) {
  const gone = new Set(done.map(String));
  const held = row.contains(document.activeElement);
  for (const tile of tiles(row)) if (gone.has(tile.dataset.picture)) tile.remove();
  const left = tiles(row);
  const stay = at !== null || !next || ticked(row).length; // what was unticked is left as it is
  const to = (stay && left[Math.min(at ?? 0, left.length - 1)]) || (next && tiles(next)[0]);
  if (held || document.activeElement === document.body) goTo(to);
  if (!left.length) row.remove();
}

/** Tiles that somebody else has changed say so, and know the state of now, so that one can insist. */
function mark(row, clashes) {
  for (const clash of clashes) {
    const tile = row.querySelector(`[data-picture="${clash.number}"]`);
    if (!tile) continue;
    box(tile).value = `${clash.number}:${clash.revision}`;
    tile.classList.add("clash");
    tile.querySelector(".clashing")?.remove();
    const told = document.createElement("span");
    told.className = "clashing";
    told.textContent = clash.told;
    tile.querySelector("label").append(told);
  }
}
