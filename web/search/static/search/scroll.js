// More results are fetched as one comes near the end of those that are there.
//
// [data-results] holds the tiles; the link <a data-more href="next page" data-fragment="its tiles alone"> stands at
// their end, and each fragment brings the next such link with it, or none.

export function scrolling(results) {
  if (!results) return;
  const near = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && more(), {
    rootMargin: "600px",
  });
  const watch = () => {
    const link = document.querySelector("a[data-more]");
    if (link) near.observe(link);
  };

  async function more() {
    const link = document.querySelector("a[data-more]");
    if (!link || link.ariaBusy === "true") return;
    link.ariaBusy = "true";
    try {
      const answer = await fetch(link.dataset.fragment);
      if (!answer.ok || answer.redirected) throw new Error(answer.status);
      append(link, await answer.text());
    } catch {
      link.ariaBusy = "false"; // the link stays, for a click
      near.unobserve(link);
    }
  }

  function append(link, text) {
    const fragment = new DOMParser().parseFromString(text, "text/html");
    const next = fragment.querySelector("a[data-more]");
    results.append(...fragment.querySelectorAll("[data-tile]"));
    near.unobserve(link);
    if (next) link.replaceWith(next);
    else link.remove();
    watch();
  }

  watch();
}
