// Fields and their marks: which field is in use, blank and illegible instead of a value, Enter to the next one. A cell of
// a table and a line of a page are fields within a field, and may come and go.

const INPUTS = ".input, .choice input";

export function start(form, { say, words, onField, onChange }) {
  const all = () => [...form.querySelectorAll("[data-field]")];
  const asked = () => all().filter((field) => !field.closest("[hidden]"));
  let current = null;
  let isPressed = false;

  const inputsOf = (field) => [...field.querySelectorAll(INPUTS)];
  const isSeen = (input) => input.getClientRects().length > 0; // Labels may be hidden behind their search.
  const fieldOf = (element) => element?.closest?.("[data-field]");
  const marksOf = (field) => [...field.querySelectorAll(".mark input")].filter((mark) => fieldOf(mark) === field);
  const isSaid = (field) => marksOf(field).some((mark) => mark.checked && mark.value !== "unsure");

  // Blank and illegible stand instead of a value: the input waits, with what it held, until they are unticked. So does
  // one that is not asked, with its marks.
  function apply(field) {
    const outer = field.parentElement.closest("[data-field]");
    const rests = field.hidden || (outer !== null && (outer.hidden || isSaid(outer)));
    for (const mark of marksOf(field)) mark.disabled = rests;
    for (const input of inputsOf(field)) if (fieldOf(input) === field) input.disabled = rests || isSaid(field);
    for (const inner of field.querySelectorAll("[data-field]")) apply(inner);
  }

  const outermost = () => all().filter((field) => !field.parentElement.closest("[data-field]"));

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
    for (const field of all()) field.classList.toggle("is-active", field === current);
  }

  function first(field) {
    const open = inputsOf(field).filter((input) => !input.disabled && isSeen(input) && !input.closest("template"));
    return open.find((input) => input.type !== "radio" || input.checked) ?? open[0] ?? marksOf(field).find((mark) => mark.checked);
  }

  function mend(field, sentence) {
    const place = [...field.querySelectorAll(".field__problem:not(.field__problem--odd)")].find((one) => fieldOf(one) === field);
    if (!place) return;
    field.classList.toggle("is-wrong", Boolean(sentence));
    place.hidden = !sentence;
    place.querySelector("span").textContent = sentence;
    for (const input of inputsOf(field)) if (fieldOf(input) === field) tellWrong(input, place.id, Boolean(sentence));
  }

  function enter(event) {
    const element = event.target;
    if (event.key !== "Enter" || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if ((element.tagName === "TEXTAREA" && !("oneLine" in element.dataset)) || ["A", "BUTTON", "SUMMARY"].includes(element.tagName)) return;
    event.preventDefault();
    const parts = inputsOf(fieldOf(element)).filter((input) => input.classList.contains("input") && !input.disabled && isSeen(input));
    const next = parts[parts.indexOf(element) + 1];
    const fields = asked();
    const following = fields[fields.indexOf(fieldOf(element)) + 1];
    if (event.shiftKey && "oneLine" in element.dataset) first(fields[fields.indexOf(fieldOf(element)) - 1] ?? fields[0])?.focus();
    else if (parts.includes(element) && next) next.focus();
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
  const applyAll = () => outermost().forEach(apply);
  form.addEventListener("rows", applyAll);
  applyAll();
  form.dataset.started = "";

  return {
    applyAll,
    // Whoever is in a field already stays there.
    focusFirst(how = {}) {
      const held = fieldOf(document.activeElement);
      if (held && form.contains(held)) use(held);
      else first(asked()[0] ?? form)?.focus(how);
    },
    focusCurrent: () => first(current?.isConnected ? current : asked()[0])?.focus(),
    // Ticks or unticks a mark of the field in use, by keyboard.
    toggle(value) {
      const field = current?.isConnected ? current : asked()[0];
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
      for (const field of all()) mend(field, problems[field.dataset.field] ?? "");
      const wrong = all().find((field) => field.classList.contains("is-wrong"));
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
