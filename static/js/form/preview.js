// The preview of a form: its fields behave as on the workbench (marks, Enter to the next one). Nothing is kept or sent
// but by its own button.
import { start as startFields } from "../bench/fields.js";
import { start as startEntry } from "../bench/entry.js";

export function start(root) {
  const form = root.closest("form") ?? root;
  if (!form.querySelector("[data-submit]")) form.querySelector("button:not([type])")?.setAttribute("data-submit", "");
  let fields = null;
  startEntry(form, { onAsked: () => fields?.applyAll() });
  fields = startFields(form, { say() {}, words: {}, onField() {}, onChange() {} });
  form.querySelector(".is-wrong .input, .is-wrong .choice input")?.focus();
}

for (const root of document.querySelectorAll("[data-preview]")) start(root);
