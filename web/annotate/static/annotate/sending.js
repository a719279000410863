// Changes are sent one after the other, in the order in which they were made; none is forgotten silently.

let last = Promise.resolve();
let open = 0;

window.addEventListener("beforeunload", (event) => {
  if (open) event.preventDefault(); // the browser asks whether to leave
});

/** What came of ``form`` sent with ``action``: {done, clashes, told, undo, redo}, or {error} where it is not saved.
 *
 * only : a value of the field picture instead of those that are ticked, or null
 */
export function send(form, action, only = null) {
  const fields = new URLSearchParams(new FormData(form));
  fields.set("action", action);
  if (only !== null) fields.set("picture", only);
  open += 1;
  const sent = last.then(() => posted(form.getAttribute("action"), fields)).finally(() => (open -= 1));
  last = sent;
  return sent;
}

/** Resolves when all that was sent is answered. */
export function settled() {
  return last;
}

/** The page as the server has it now. */
export async function fresh() {
  const answer = await fetch(location.href);
  if (!answer.ok || answer.redirected) throw new Error(answer.statusText);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

async function posted(address, fields) {
  const words = document.querySelector("[data-rows]")?.dataset ?? {};
  try {
    const answer = await post(address, fields);
    if (answer.redirected) return { error: words.signedOut };
    const found = await answer.json();
    return found.done ? found : { error: found.detail ?? answer.statusText };
  } catch {
    return { error: words.lost };
  }
}

async function post(address, fields) {
  const options = { method: "POST", body: fields, headers: { Accept: "application/json" } };
  const answer = await fetch(address, options);
  if (answer.status !== 403) return answer;
  // Who has signed in anew has another token against forgery: that of a page of now.
  const token = (await fresh()).querySelector("[name=csrfmiddlewaretoken]").value;
  document.querySelectorAll("[name=csrfmiddlewaretoken]").forEach((field) => (field.value = token));
  fields.set("csrfmiddlewaretoken", token);
  return fetch(address, options);
}
