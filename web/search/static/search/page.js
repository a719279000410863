// The search page with JavaScript. Without it the forms and the links of the page do the same, a click at a time.

import { cropping } from "./crop.js";
import { drawing } from "./draw.js";
import { dropping } from "./drop.js";
import { keys } from "./keys.js";
import { scrolling } from "./scroll.js";
import { viewing } from "./viewer.js";
import { waiting } from "./waiting.js";

dropping(document.querySelector("form[data-upload]"));
drawing(document.querySelector("dialog[data-draw-dialog]"), document.querySelector("form[data-upload]"));
cropping(document.querySelector("dialog[data-crop]"));
scrolling(document.querySelector("[data-results]"));
viewing(document.querySelector("dialog[data-viewer]"), document.querySelector("[data-results]"));
keys(document.querySelector("[data-results]"));
waiting(document.querySelector("[data-found]"));
