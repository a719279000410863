// While an answer is on its way, the page says so: a first comparison by what is seen in two pictures takes seconds.
//
// [data-found] is marked aria-busy, and its line [data-searching] shows, when a form of the page is sent or a link to
// another question is followed, and that takes longer than a moment.

const MOMENT = 250; // ms

export function waiting(found) {
  if (!found) return;
  const line = found.querySelector("[data-searching]");
  let timer = 0;

  const show = (busy) => {
    clearTimeout(timer);
    found.ariaBusy = String(busy);
    line.hidden = !busy;
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => show(true), MOMENT);
  };
  document.addEventListener("submit", (event) => event.defaultPrevented || event.target.closest("dialog") || soon());
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    const elsewhere = event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey;
    if (link && !elsewhere && link.pathname === window.location.pathname && !link.hash) soon();
  });
  // The page comes back from history as it was left.
  window.addEventListener("pageshow", () => show(false));
}
