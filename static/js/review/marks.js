// Of the marks of one field at most one is set; blank and illegible rule out a value, so they rest its inputs.
const RULES_OUT = new Set(["blank", "illegible"]);

export function start(field) {
  const marks = [...field.querySelectorAll(".mark input")];
  const inputs = [...field.querySelectorAll(".input, .choice input")];
  const rest = () => {
    const out = marks.some((mark) => mark.checked && RULES_OUT.has(mark.value));
    for (const input of inputs) input.disabled = out;
  };
  for (const mark of marks) {
    mark.addEventListener("change", () => {
      if (mark.checked) for (const other of marks) if (other !== mark) other.checked = false;
      rest();
    });
  }
  rest();
}
