// What stands in a form, as a text to copy: a line for each field that says anything, as "Label: value, value".
export function spoken(form) {
  return [...form.querySelectorAll("[data-field]")]
    .map((field) => [field.dataset.label, [...field.querySelectorAll("input, select, textarea")].map(said).filter(Boolean)])
    .filter(([, values]) => values.length)
    .map(([label, values]) => `${label}: ${values.join(values.some((one) => one.includes("\n")) ? "\n" : ", ")}`)
    .join("\n");
}

function said(input) {
  if (input.type === "hidden" || input.disabled) return "";
  if (input.type === "radio" || input.type === "checkbox") return input.checked ? wordsOf(input) : "";
  return input.value.trim();
}

function wordsOf(input) {
  return input.getAttribute("aria-label") ?? input.labels?.[0]?.textContent.trim() ?? input.value;
}
