// Of the marks of one field at most one is set; blank and illegible rule out a value, so they rest its inputs.
const RULES_OUT = new Set(["blank", "illegible"]);

export function start(field) {
  const outer = field.parentElement.closest("[data-field]");
  const own = (root) => [...root.querySelectorAll(".mark input")].filter((mark) => mark.closest("[data-field]") === root);
  const isOut = (root) => own(root).some((mark) => mark.checked && RULES_OUT.has(mark.value));
  const marks = own(field);
  const inputs = [...field.querySelectorAll(".input, .choice input")];
  const rest = () => {
    const out = field.hidden || isOut(field) || (outer !== null && isOut(outer));
    for (const input of inputs) input.disabled = out;
  };
  for (const mark of marks) {
    mark.addEventListener("change", () => {
      if (mark.checked) for (const other of marks) if (other !== mark) other.checked = false;
      rest();
    });
  }
  rest();
  return rest;
}
