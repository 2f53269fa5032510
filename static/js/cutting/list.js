// The boxes of a template as the inputs beside the scan: they are the truth, the drawing follows them.
import { readBox } from "./boxes.js";

const SIDES = ["x", "y", "width", "height"];

export function start(form, { changed }) {
  const list = form.querySelector("[data-boxes]");
  const pattern = form.querySelector("[data-box-template]");
  const past = [];

  const items = () => [...list.querySelectorAll("[data-box]")];
  const sides = (item) => SIDES.map((side) => item.querySelector(`[data-side="${side}"]`));
  const ticks = (item) => [...item.querySelectorAll("input[data-label]")];
  const named = (item, part) => item.querySelector(`input[name$=".${part}"]`);

  const snapshot = () => items().map((item) => ({
    sides: sides(item).map((input) => input.value), name: named(item, "name").value,
    fields: ticks(item).filter((tick) => tick.checked).map((tick) => tick.value), isOwn: named(item, "own_task").checked }));

  function begin(isRepeat = false) {
    if (isRepeat && past.length) return; // A key that is held down is one step.
    past.push(snapshot());
    if (past.length > 100) past.shift();
  }

  function fresh() {
    const item = pattern.content.firstElementChild.cloneNode(true);
    list.append(item);
    return item;
  }

  // The numbers in names, ids and labels follow the order of the boxes.
  function number() {
    items().forEach((item, index) => {
      for (const input of item.querySelectorAll("[name], [id], [for]")) {
        for (const [attribute, mark] of [["name", "."], ["id", "-"], ["for", "-"]]) {
          const text = input.getAttribute(attribute);
          if (text?.startsWith(`box${mark}`)) input.setAttribute(attribute, text.replace(/^(box[.-])[^.-]+/, `$1${index + 1}`));
        }
      }
      item.querySelector("[data-remove]").value = `remove:${index + 1}`;
      item.querySelector("[data-number]").textContent = index + 1;
      item.querySelector("[data-names]").textContent = names(index);
    });
    const read = new Set(items().flatMap(ticks).filter((tick) => tick.checked).map((tick) => tick.value));
    const unread = ticks(pattern.content).filter((tick) => !read.has(tick.value));
    form.querySelector("[data-unread]").textContent = unread.map((tick) => tick.dataset.label).join(", ");
    form.querySelector("[data-unread-line]").hidden = unread.length === 0;
    changed();
  }

  function fill(item, kept) {
    sides(item).forEach((input, index) => { input.value = kept.sides[index]; });
    named(item, "name").value = kept.name;
    named(item, "own_task").checked = kept.isOwn;
    for (const tick of ticks(item)) tick.checked = kept.fields.includes(tick.value);
  }

  const names = (index) => ticks(items()[index]).filter((tick) => tick.checked).map((tick) => tick.dataset.label).join(", ");
  const set = (index, box) => sides(items()[index]).forEach((input, at) => { input.value = box[SIDES[at]]; });

  // A new box is for the first field that is in none yet: one draws them in the order of the form.
  function add(box) {
    const read = new Set(items().flatMap(ticks).filter((tick) => tick.checked).map((tick) => tick.value));
    const item = fresh();
    const free = ticks(item).find((tick) => !read.has(tick.value));
    if (free) free.checked = true;
    set(items().length - 1, box);
    number();
    return items().length - 1;
  }

  // Only the chosen box is open: a long form of twenty open ones would hide the button at its end.
  function open(index) {
    items().forEach((item, at) => { item.querySelector("details").open = at === index || item.contains(document.activeElement); });
  }

  function remove(index) {
    begin();
    items()[index].remove();
    number();
  }

  function undo() {
    const before = past.pop();
    if (!before) return;
    list.replaceChildren();
    for (const kept of before) fill(fresh(), kept);
    number();
  }

  list.addEventListener("input", number);
  list.addEventListener("focusin", (event) => { if (event.target.matches("input")) begin(past.length > 0 && same(past.at(-1), snapshot())); });
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

  return {
    way: "template",
    boxes: () => items().map((item) => readBox(sides(item).map((input) => input.value))),
    names, set, add, remove, begin, undo, items, open,
    canUndo: () => past.length > 0,
  };
}
