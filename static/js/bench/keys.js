// Shortcuts. Alt with a letter, Ctrl+Enter, and ? outside a field; all can be switched off, which is remembered.
import { altLetter } from "./letters.js";
import { recall, remember } from "./memory.js";

const KEY = "micro:keys";

const isTyping = (element) => element.closest("input, textarea, select, [contenteditable]") !== null;

export function start(root, { actions, help }) {
  const choice = help.querySelector("[data-keys-on]");
  choice.checked = recall("localStorage", KEY) !== "off";
  const line = root.querySelector("[data-keys-line]");
  line.hidden = !choice.checked;
  choice.addEventListener("change", () => {
    remember("localStorage", KEY, choice.checked ? "on" : "off");
    line.hidden = !choice.checked;
  });

  function wanted(event) {
    if (event.isComposing || event.repeat) return null;
    const isSend = event.key === "Enter" && event.ctrlKey && !event.altKey && !event.shiftKey;
    if (isSend) return event.target.closest("details") ? null : actions.submit; // Not from within the report.
    if (event.key === "?" && !event.altKey && !event.ctrlKey && !isTyping(event.target)) return actions.help;
    return actions[`alt+${altLetter(event)}`] ?? null;
  }

  document.addEventListener("keydown", (event) => {
    if (!choice.checked || help.open) return;
    const action = wanted(event);
    if (!action) return;
    event.preventDefault();
    action();
  });

  const opener = document.querySelector("[data-opens=help]");
  opener.hidden = false;
  opener.addEventListener("click", () => help.showModal());
  // The dialog's own form has method="dialog": the browser closes it and gives the focus back.
}
