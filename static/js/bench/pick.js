// Questions: the keys 1 to 9 take that answer and go on to the next question that is asked. Never while a text is being
// typed, and not when shortcuts are switched off.
import { recall } from "./memory.js";

const isOff = () => recall("localStorage", "micro:keys") === "off";

// Whether typing goes into this element: there a number is a number.
export function takesText(element) {
  if (!element?.matches) return false;
  return element.matches("textarea, select, [contenteditable]")
    || (element.matches("input") && !["radio", "checkbox", "button", "submit", "range"].includes(element.type));
}

export function start(form, { say = () => {} } = {}) {
  const questions = [...form.querySelectorAll("[data-pick]")];
  if (!questions.length) return;
  for (const key of form.querySelectorAll("[data-pick-key]")) key.hidden = false;
  const asked = () => questions.filter((question) => !question.hidden);
  const answers = (question) => [...question.querySelectorAll(".choice input:not([type=hidden])")];
  const isAnswered = (question) => [...question.querySelectorAll("input")].some((input) => input.checked);
  const current = () => document.activeElement?.closest?.("[data-pick]:not([hidden])")
    ?? asked().find((question) => !isAnswered(question)) ?? asked()[0];

  function goOn(question) {
    const next = asked()[asked().indexOf(question) + 1];
    (next ? answers(next)[0] : form.querySelector("[data-submit]"))?.focus();
  }

  document.addEventListener("keydown", (event) => {
    if (!/^[1-9]$/.test(event.key) || event.altKey || event.ctrlKey || event.metaKey || event.repeat) return;
    if (takesText(event.target) || document.querySelector("dialog[open]") || isOff()) return;
    const question = current();
    const answer = question && answers(question)[Number(event.key) - 1];
    if (!answer || answer.disabled) return;
    event.preventDefault();
    answer.checked = answer.type === "radio" || !answer.checked;
    answer.dispatchEvent(new Event("change", { bubbles: true }));
    answer.focus();
    say(answer.parentElement.querySelector("span").textContent.trim());
    if (answer.type === "radio") goOn(question);
  });
}
