// The form as data: {dotted name: text}, and the nested shape that the server takes. Pure but for reading the inputs.

const isChoice = (input) => input.type === "checkbox" || input.type === "radio";
const isPart = (input) => input.name && input.name.includes(".") && input.type !== "hidden";

// Everything typed and ticked, what is disabled by a mark included: unticking brings it back. Labels that are ticked
// together share a name; they become one text, a line each.
export function typedIn(form) {
  const typed = {};
  for (const input of form.elements) {
    if (!isPart(input) || (isChoice(input) && !input.checked)) continue;
    const before = input.name.endsWith(".codes") ? typed[input.name] : undefined;
    typed[input.name] = before ? `${before}\n${input.value}` : input.value;
  }
  return typed;
}

// What somebody wrote while the script was still on its way: {typed, served}, both {dotted name: text}. A browser that
// puts an old form back does not put the caret into it.
export function typedEarly(form) {
  const [typed, served] = [{}, {}];
  if (!form.contains(document.activeElement)) return { typed, served };
  for (const input of form.elements) {
    if (!isPart(input) || isChoice(input) || input.tagName === "SELECT" || input.value === input.defaultValue) continue;
    typed[input.name] = input.value;
    served[input.name] = input.defaultValue;
  }
  return { typed, served };
}

export function fillIn(form, typed) {
  form.dispatchEvent(new CustomEvent("filling", { detail: typed })); // Tables make room for their rows.
  for (const input of form.elements) {
    if (!isPart(input)) continue;
    if (isChoice(input)) input.checked = (typed[input.name] ?? "").split("\n").includes(input.value);
    else input.value = typed[input.name] ?? "";
  }
  form.dispatchEvent(new Event("filled"));
}

// {"length.value.amount": "12"} becomes {length: {value: {amount: "12"}}}.
export function nested(typed) {
  const made = {};
  for (const [name, text] of Object.entries(typed)) {
    const parts = name.split(".");
    const last = parts.pop();
    let place = made;
    for (const part of parts) place = place[part] ??= {};
    place[last] = text;
  }
  return made;
}

// Whether both say the same; an empty input is as good as none.
export function same(one, other) {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => (one[name] ?? "") === (other[name] ?? ""));
}
