// Keys of the search page: arrows go from result to result, letters do what the links of a result do.
//
// "/" is the field of the sentence [data-sentence], the right arrow goes to the first tile. On a tile: m more like this, + and - one more example for or
// against; they follow its links [data-key="m"], [data-key="+"], [data-key="-"].

/** The index of the tile in the row above or below that is nearest to the one at ``from``. */
export function beside(tiles, from, down) {
  const { offsetTop: top, offsetLeft: left } = tiles[from];
  const rows = tiles.map((tile, index) => ({ tile, index })).filter(({ tile }) => down * (tile.offsetTop - top) > 0);
  if (!rows.length) return from;
  const nearest = Math.min(...rows.map(({ tile }) => Math.abs(tile.offsetTop - top)));
  const row = rows.filter(({ tile }) => Math.abs(tile.offsetTop - top) === nearest);
  const far = ({ tile }) => Math.abs(tile.offsetLeft - left);
  return row.reduce((best, one) => (far(one) < far(best) ? one : best)).index;
}

function moved(tiles, from, key) {
  if (key === "ArrowLeft") return Math.max(0, from - 1);
  if (key === "ArrowRight") return Math.min(tiles.length - 1, from + 1);
  if (key === "ArrowUp" || key === "ArrowDown") return beside(tiles, from, key === "ArrowDown" ? 1 : -1);
  if (key === "Home") return 0;
  return key === "End" ? tiles.length - 1 : null;
}

export function keys(results) {
  document.addEventListener("keydown", (event) => {
    const field = document.querySelector("[data-sentence]");
    const free = !event.target.closest("input, textarea, select, dialog") && !event.ctrlKey && !event.metaKey;
    if (event.key === "/" && free && field) {
      event.preventDefault();
      field.focus();
      field.select?.();
    }
    const first = results?.querySelector("a[data-large]");
    if (event.key === "ArrowRight" && free && !event.altKey && first && !event.target.closest("[data-tile]")) {
      event.preventDefault(); // nothing to scroll to: the page is as wide as the window
      first.focus();
    }
  });
  results?.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
    const tiles = [...results.querySelectorAll("[data-tile]")];
    const from = tiles.indexOf(event.target.closest("[data-tile]"));
    const to = from < 0 ? null : moved(tiles, from, event.key);
    if (to !== null) {
      event.preventDefault();
      tiles[to].querySelector("a[data-large]").focus();
    } else if (from >= 0 && event.key.length === 1) {
      tiles[from].querySelector(`[data-key="${CSS.escape(event.key)}"]`)?.click();
    }
  });
}
