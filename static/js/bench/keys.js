// Shortcuts. Alt with a letter, Ctrl+Enter, and ? outside a field. The letters can be changed and all of it switched off;
// both are remembered on this computer.
import { altLetter, isMac, lettersFrom, withLetter } from "./letters.js";
import { forget, recall, remember } from "./memory.js";

const KEY = "micro:keys";
const LETTERS = "micro:letters";

const isTyping = (element) => element.closest("input, textarea, select, [contenteditable]") !== null;

// Where a key types a character: a box to tick or a button takes none.
const isText = (element) => element.closest("input:not([type=checkbox], [type=radio]), textarea, [contenteditable]") !== null;

export function start(root, { actions, help }) {
  const choice = help.querySelector("[data-keys-on]");
  const letters = startLetters(help);
  const here = isMac();
  choice.checked = recall("localStorage", KEY) !== "off";
  const line = root.querySelector("[data-keys-line]");
  line.hidden = !choice.checked;
  choice.addEventListener("change", () => {
    remember("localStorage", KEY, choice.checked ? "on" : "off");
    line.hidden = !choice.checked;
  });

  function wanted(event) {
    if (event.isComposing || event.repeat) return null;
    const isSend = event.key === "Enter" && (event.ctrlKey || (here && event.metaKey)) && !event.altKey && !event.shiftKey;
    if (isSend) return event.target.closest("details") ? null : actions.submit; // Not from within the report.
    if (event.key === "?" && !event.altKey && !event.ctrlKey && !isTyping(event.target)) return actions.help;
    return actions[`alt+${letters.actionOf(altLetter(event, { isMac: here, isTyping: isText(event.target) }))}`] ?? null;
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

// The letters in the help, each in an input of its own; they show wherever the page names them.
function startLetters(help) {
  const inputs = [...help.querySelectorAll("[data-letter]")];
  const usual = inputs.map((input) => input.dataset.letter);
  const said = help.querySelector("[data-letters-said]");
  let letters = lettersFrom(recall("localStorage", LETTERS), usual);
  const alt = isMac() ? help.dataset.option : "Alt";

  for (const key of document.querySelectorAll("[data-alt]")) key.textContent = alt;
  help.querySelector("[data-mac]").hidden = !isMac();

  function show() {
    for (const input of inputs) input.value = letters[input.dataset.letter].toUpperCase();
    for (const key of document.querySelectorAll("[data-key-shown]")) {
      key.textContent = letters[key.dataset.keyShown]?.toUpperCase() ?? key.textContent;
    }
    for (const one of document.querySelectorAll("[data-key-title]")) {
      one.title = one.title.replace(/[^\s(]+\+[A-Z](?=\)?$)/, `${alt}+${letters[one.dataset.keyTitle].toUpperCase()}`);
    }
  }

  function change(input) {
    if (!input.value.trim()) return; // Emptied, to type another.
    letters = withLetter(letters, input.dataset.letter, input.value);
    remember("localStorage", LETTERS, letters);
    show();
    input.select();
    const what = input.closest("tr").querySelector("td").textContent;
    said.textContent = said.dataset.word.replace("Alt", alt).replace("{letter}", input.value).replace("{what}", what);
  }

  for (const input of inputs) {
    input.addEventListener("focus", () => input.select());
    input.addEventListener("input", () => change(input));
    input.addEventListener("blur", show);
  }
  help.querySelector("[data-letters-reset]").addEventListener("click", () => {
    letters = lettersFrom(null, usual);
    forget("localStorage", LETTERS);
    show();
  });
  show();
  return { actionOf: (letter) => (letter ? usual.find((one) => letters[one] === letter) : undefined) };
}
