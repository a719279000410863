// Progress of a gallery's jobs, without loading the page anew; what is focused stays so while no job changes its state.

const EVERY = 1000; // ms

const states = (place) => [...place.querySelectorAll("[data-job]")].map((job) => job.dataset.job + job.dataset.state).join();

function advance(place, next) {
  for (const job of next.querySelectorAll("[data-job]")) {
    const old = place.querySelector(`[data-job="${job.dataset.job}"]`);
    const bar = old.querySelector("progress");
    const now = job.querySelector("progress");
    if (!bar || !now) continue;
    bar.max = now.max;
    if (now.hasAttribute("value")) bar.value = now.value;
    else bar.removeAttribute("value");
    for (const part of [".stage", ".count"]) old.querySelector(part).textContent = job.querySelector(part).textContent;
  }
}

async function look(place) {
  const answer = await fetch(place.dataset.progress, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const next = new DOMParser().parseFromString(await answer.text(), "text/html").body;
  if (states(next) === states(place)) advance(place, next);
  else place.replaceChildren(...next.childNodes);
}

const unfinished = (place) => place.querySelector('[data-state="running"], [data-state="waiting"]');

async function watch(place) {
  while (unfinished(place)) {
    await new Promise((resolve) => setTimeout(resolve, EVERY));
    await look(place).catch(() => {}); // the server may be starting anew
  }
  if ("working" in place.dataset) location.reload(); // what the rest of the page tells has changed
}

for (const place of document.querySelectorAll("[data-progress]")) watch(place);
