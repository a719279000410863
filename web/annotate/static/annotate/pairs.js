// Pairs: s the same, d not the same, n the next; what is said leaves the page.

import { send } from "./sending.js";
import { offer, tell } from "./told.js";

const pairs = () => [...document.querySelectorAll("form[data-pair]")];

function goTo(pair) {
  const target = pair ? pair.querySelector("button") : document.querySelector("[data-next]");
  target?.focus();
  pair?.scrollIntoView({ block: "nearest" });
}

const after = (pair) => pairs()[pairs().indexOf(pair) + 1];

export async function say(pair, action) {
  const words = document.querySelector("[data-rows]").dataset;
  pair.classList.add("saving");
  const outcome = await send(pair, action);
  pair.classList.remove("saving");
  if (outcome.error) return tell(outcome.error, true);
  offer(outcome);
  if (outcome.clashes.length) {
    pair.elements.revision.value = outcome.clashes[0].revision;
    return tell(`${outcome.clashes[0].told}. ${words.again}`, true);
  }
  tell(outcome.told);
  goTo(after(pair));
  pair.remove();
}

export function pairKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, select, textarea")) return;
    const pair = document.activeElement?.closest?.("form[data-pair]") ?? pairs()[0];
    if (!pair || !"sdn".includes(event.key)) return;
    event.preventDefault();
    if (event.key === "n") goTo(after(pair));
    else say(pair, event.key === "s" ? "same" : "different");
  });
}
