// Practice: fields behave as on the workbench, and what the check says is told first.
import "../form/preview.js";

export function start(root) {
  root.querySelector("[data-told]")?.focus();
}

start(document);
