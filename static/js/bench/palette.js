// The project's characters and marks, below the text in use. A character goes in at the caret, a mark goes round what is
// selected, and the caret stays in the text. One stop for the Tab key; arrows move within.

import { calm } from "./press.js";
import { wrapped } from "./wrapping.js";

const NEEDS = ["INPUT", "TEXTAREA"];
const isText = (element) => NEEDS.includes(element?.tagName) && element.classList.contains("input--reading");

// Puts text in place of the selection so that the browser's own undo takes it back.
export function insert(input, text) {
  input.focus();
  if (!document.execCommand("insertText", false, text)) {
    input.setRangeText(text, input.selectionStart, input.selectionEnd, "end");
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

export function start(form) {
  const template = form.querySelector("[data-palette]");
  if (!template) return { mark: () => false };
  const bar = template.content.firstElementChild.cloneNode(true);
  const keys = [...bar.querySelectorAll("button")];
  const whenCalm = calm(form);
  let input = null;
  let kept = { start: 0, end: 0 };

  const fieldOf = (element) => element.closest("[data-markup]");
  const shown = () => keys.filter((key) => !key.hidden);

  function place(element) {
    input = element;
    const allowed = (fieldOf(element)?.dataset.markup ?? "").split(" ");
    for (const key of keys) if (key.dataset.mark) key.hidden = !allowed.includes(key.dataset.mark);
    bar.hidden = !shown().length;
    keys.forEach((key) => { key.tabIndex = -1; });
    if (shown().length) shown()[0].tabIndex = 0;
    const whole = element.closest(".suggested") ?? element;
    if (whole.nextElementSibling !== bar) whole.after(bar);
  }

  function mark(name) {
    const key = shown().find((one) => one.dataset.mark === name);
    if (!key || !input || input.disabled) return false;
    const { start: from, end } = document.activeElement === input
      ? { start: input.selectionStart, end: input.selectionEnd } : kept;
    const made = wrapped(input.value, from, end, key.dataset.before, key.dataset.after);
    input.focus();
    input.setSelectionRange(from, end);
    insert(input, made.text.slice(from, made.text.length - (input.value.length - end)));
    input.setSelectionRange(made.start, made.end);
    return true;
  }

  form.addEventListener("focusin", ({ target }) => isText(target) && target !== input && whenCalm(() => place(target)));
  form.addEventListener("focusout", (event) => {
    if (event.target === input) kept = { start: input.selectionStart, end: input.selectionEnd };
  });
  bar.addEventListener("pointerdown", (event) => event.preventDefault()); // The caret stays where it is.
  bar.addEventListener("click", (event) => {
    const key = event.target.closest("button");
    if (!key || !input || input.disabled) return;
    if (key.dataset.mark) return mark(key.dataset.mark);
    input.focus();
    if (document.activeElement === input && event.detail === 0) input.setSelectionRange(kept.start, kept.end);
    insert(input, key.dataset.sign);
  });
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const all = shown();
    if (!step || !all.length) return;
    event.preventDefault();
    const next = all[(all.indexOf(document.activeElement) + step + all.length) % all.length];
    all.forEach((key) => { key.tabIndex = key === next ? 0 : -1; });
    next.focus();
  });
  return {
    // Alt+U: round a selection. False when nothing is selected, or the field has no such mark.
    mark(name) {
      const isSelected = document.activeElement === input && input && input.selectionStart < input.selectionEnd;
      return Boolean(isSelected) && mark(name);
    },
    signs: keys.map((key) => key.dataset.sign ?? "").join(""),
  };
}
