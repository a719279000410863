// The pages of annotate with JavaScript. Without it their forms do the same, a page at a time.

import { keys } from "./keys.js";
import { pairKeys, say } from "./pairs.js";
import { change, goTo, rows, tiles, turn } from "./rows.js";

document.addEventListener("submit", (event) => {
  const form = event.target;
  const action = event.submitter?.value ?? "assign";
  if (form.matches("form[data-row]")) event.preventDefault(), change(form, action);
  else if (form.matches("form[data-pair]")) event.preventDefault(), say(form, action);
  else if (form.matches("form[data-undo], form[data-redo]")) event.preventDefault(), turn(form, action);
});

keys();
pairKeys();
const first = rows()[0];
if (first && !document.querySelector("[role=alert]")) goTo(tiles(first)[0]);
