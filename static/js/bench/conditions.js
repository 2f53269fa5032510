// Fields that depend on another: hidden while they are not asked. What was typed in them stays where it is, and is not
// sent; the server checks the same.

// Whether a field is asked, given the values of the one that it depends on; no codes: any value will do.
export function isAsked(values, codes) {
  return values.length > 0 && (codes.length === 0 || values.some((value) => codes.includes(value)));
}

// What a field says: ticked codes, or whatever was typed. A field that is hidden, blank or illegible says nothing.
export function valuesOf(field) {
  if (!field || field.hidden) return [];
  const marks = [...field.querySelectorAll(".mark input")].filter((mark) => mark.closest("[data-field]") === field);
  if (marks.some((mark) => mark.checked && mark.value !== "unsure")) return [];
  return [...field.querySelectorAll("input, textarea, select")]
    .filter((input) => !input.closest(".mark") && input.type !== "hidden" && !input.name.endsWith(".unit"))
    .filter((input) => (input.type === "radio" || input.type === "checkbox" ? input.checked : input.value.trim()))
    .map((input) => input.value);
}

export function start(form, { onChange = () => {} } = {}) {
  const fields = [...form.querySelectorAll("[data-if]")];
  if (!fields.length) return;
  const named = (name) => form.querySelector(`[data-field="${CSS.escape(name)}"]`);

  // In the order of the form, so that one that is hidden hides those that depend on it.
  function apply() {
    let changed = false;
    for (const field of fields) {
      const other = named(field.dataset.if);
      const asked = !other || isAsked(valuesOf(other), JSON.parse(field.dataset.ifIs));
      changed ||= field.hidden === asked;
      field.hidden = !asked;
    }
    if (changed) onChange();
  }

  for (const name of ["input", "change", "filled", "marked"]) form.addEventListener(name, apply);
  apply();
}
