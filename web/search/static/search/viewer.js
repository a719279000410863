// A result large, with its details, over the page; the arrows go to the one before and the one after.
//
// [data-results] holds the tiles [data-tile], each with <a data-large href="its page" data-fragment="details alone">;
// <dialog data-viewer> holds [data-details] and the buttons data-before, data-after and data-close. Letters follow
// the links [data-key] of the details, as on a tile.

export function viewing(dialog, results) {
  if (!dialog || !results) return;
  const details = dialog.querySelector("[data-details]");
  const before = dialog.querySelector("[data-before]");
  const after = dialog.querySelector("[data-after]");
  let shown = null; // the link of the tile that is shown

  const links = () => [...results.querySelectorAll("a[data-large]")];

  async function show(link) {
    shown = link;
    const answer = await fetch(link.dataset.fragment);
    if (shown !== link) return; // another was asked for meanwhile
    if (!answer.ok || answer.redirected) return window.location.assign(link.href);
    details.innerHTML = await answer.text();
    link.closest("[data-tile]").scrollIntoView({ block: "nearest" });
    before.disabled = links().at(0) === link;
    after.disabled = links().at(-1) === link;
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
  }

  function step(by) {
    const next = links()[links().indexOf(shown) + by];
    if (next) show(next);
  }

  results.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-large]");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    show(link);
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by) step(by);
    else if (event.key.length === 1) details.querySelector(`[data-key="${CSS.escape(event.key)}"]`)?.click();
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => shown?.focus());
  before.addEventListener("click", () => step(-1));
  after.addEventListener("click", () => step(1));
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
}
