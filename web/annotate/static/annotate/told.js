// What came of changes is told in one place, and undo and redo are offered where there is something.

export function tell(words, failed = false) {
  const place = document.querySelector("[data-told]");
  place.textContent = words;
  place.classList.toggle("error", failed);
}

export function offer(outcome) {
  for (const way of ["undo", "redo"]) {
    const button = document.querySelector(`form[data-${way}] button`);
    if (button && way in outcome) button.disabled = !outcome[way];
  }
}
