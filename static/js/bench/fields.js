// Fields and their marks: which field is in use, blank and illegible instead of a value, Enter to the next one.

const INPUTS = ".input, .choice input";

export function start(form, { say, words, onField, onChange }) {
  const fields = [...form.querySelectorAll("[data-field]")];
  let current = null;
  let isPressed = false;

  const inputsOf = (field) => [...field.querySelectorAll(INPUTS)];
  const isSeen = (input) => input.getClientRects().length > 0; // Labels may be hidden behind their search.
  const marksOf = (field) => [...field.querySelectorAll(".mark input")];
  const fieldOf = (element) => element?.closest?.("[data-field]");

  // Blank and illegible stand instead of a value: the input waits, with what it held, until they are unticked.
  function apply(field) {
    const isMarked = marksOf(field).some((mark) => mark.checked && mark.value !== "unsure");
    for (const input of inputsOf(field)) input.disabled = isMarked;
  }

  function ticked(mark) {
    const field = fieldOf(mark);
    if (mark.checked) for (const other of marksOf(field)) if (other !== mark) other.checked = false;
    const input = inputsOf(field).find((one) => one === document.activeElement);
    apply(field);
    // An input that is disabled under the caret would lose the focus to nowhere.
    if (input?.disabled) mark.focus();
  }

  // The field in use opens its marks. During a press it waits for the release, or the marks would slip from under it.
  function use(field) {
    if (!field || field === current) return;
    const isFirst = current === null;
    current = field;
    if (!isPressed) light();
    onField(field, isFirst);
  }

  function light() {
    for (const field of fields) field.classList.toggle("is-active", field === current);
  }

  function first(field) {
    const open = inputsOf(field).filter((input) => !input.disabled && isSeen(input));
    return open.find((input) => input.type !== "radio" || input.checked) ?? open[0] ?? marksOf(field).find((mark) => mark.checked);
  }

  function mend(field, sentence) {
    const place = field.querySelector(".field__problem");
    field.classList.toggle("is-wrong", Boolean(sentence));
    place.hidden = !sentence;
    place.querySelector("span").textContent = sentence;
    for (const input of inputsOf(field)) tellWrong(input, place.id, Boolean(sentence));
  }

  function enter(event) {
    const element = event.target;
    if (event.key !== "Enter" || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (element.tagName === "TEXTAREA" || element.tagName === "BUTTON" || element.tagName === "SUMMARY") return;
    event.preventDefault();
    const parts = inputsOf(fieldOf(element)).filter((input) => input.classList.contains("input") && !input.disabled && isSeen(input));
    const next = parts[parts.indexOf(element) + 1];
    const following = fields[fields.indexOf(fieldOf(element)) + 1];
    if (parts.includes(element) && next) next.focus();
    else if (following) first(following)?.focus();
    else form.querySelector("[data-submit]").focus();
  }

  form.addEventListener("change", (event) => event.target.matches(".mark input") && ticked(event.target));
  // A field that is being mended no longer says what was wrong with it.
  form.addEventListener("input", (event) => {
    const field = fieldOf(event.target);
    if (field?.classList.contains("is-wrong")) mend(field, "");
  });
  form.addEventListener("focusin", (event) => use(fieldOf(event.target)));
  form.addEventListener("keydown", enter);
  form.addEventListener("pointerdown", () => { isPressed = true; });
  for (const name of ["pointerup", "pointercancel"]) {
    window.addEventListener(name, () => setTimeout(() => { isPressed = false; light(); }, 0));
  }
  fields.forEach(apply);
  form.dataset.started = "";

  return {
    applyAll: () => fields.forEach(apply),
    focusFirst: () => fields.length && first(fields[0])?.focus(),
    focusCurrent: () => first(current ?? fields[0])?.focus(),
    // Ticks or unticks a mark of the field in use, by keyboard.
    toggle(value) {
      const field = current ?? fields[0];
      const mark = marksOf(field).find((one) => one.value === value);
      if (!mark) return;
      mark.checked = !mark.checked;
      ticked(mark);
      const word = mark.parentElement.querySelector(".mark__word").textContent;
      say((mark.checked ? words.mark_on : words.mark_off).replace("{field}", field.dataset.label).replace("{mark}", word));
      if (!mark.checked && document.activeElement === mark) first(field)?.focus();
      onChange();
    },
    // Shows why fields cannot be taken, beside each of them; returns the first.
    refuse(problems) {
      for (const field of fields) mend(field, problems[field.dataset.field] ?? "");
      const wrong = fields.find((field) => field.classList.contains("is-wrong"));
      if (wrong) first(wrong)?.focus();
      return wrong;
    },
  };
}

function tellWrong(input, id, isWrong) {
  const ids = (input.getAttribute("aria-describedby") ?? "").split(" ").filter((one) => one && one !== id);
  if (isWrong) ids.push(id);
  input.toggleAttribute("aria-invalid", isWrong);
  if (isWrong) input.setAttribute("aria-invalid", "true");
  if (ids.length) input.setAttribute("aria-describedby", ids.join(" "));
  else input.removeAttribute("aria-describedby");
}
