// A result large, with its details, over the page; the arrows go to the one before and the one after.
//
// [data-results] holds the tiles [data-tile], each with <a data-large href="its page" data-fragment="details alone">;
// <dialog data-viewer> holds [data-details] and the buttons data-before, data-after and data-close.

export function viewing(dialog, results) {
  if (!dialog || !results) return;
  const details = dialog.querySelector("[data-details]");
  let shown = null; // the link of the tile that is shown

  async function show(link) {
    shown = link;
    link.closest("[data-tile]").scrollIntoView({ block: "nearest" });
    const answer = await fetch(link.dataset.fragment, { headers: { "X-Requested-With": "fetch" } });
    if (shown !== link) return; // another was asked for meanwhile
    if (!answer.ok) return window.location.assign(link.href);
    details.innerHTML = await answer.text();
    if (!dialog.open) dialog.showModal();
  }

  function step(by) {
    const links = [...results.querySelectorAll("a[data-large]")];
    const next = links[links.indexOf(shown) + by];
    if (next) show(next);
  }

  results.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-large]");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    show(link);
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.target.closest("input, textarea, select")) return;
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by) step(by);
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => shown?.focus());
  dialog.querySelector("[data-before]").addEventListener("click", () => step(-1));
  dialog.querySelector("[data-after]").addEventListener("click", () => step(1));
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
}
