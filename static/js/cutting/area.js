// The area of a grid as its four inputs: the same model as the list of boxes, with one box.
import { gridPath, readBox } from "./boxes.js";

export function start(form, { changed }) {
  const inputs = ["x", "y", "width", "height"].map((side) => form.querySelector(`[data-area] [data-side="${side}"]`));
  const [rows, columns] = ["rows", "columns"].map((name) => form.querySelector(`[name="${name}"]`));
  const past = [];
  const read = () => inputs.map((input) => input.value);

  function set(_, box) {
    [box.x, box.y, box.width, box.height].forEach((value, at) => { inputs[at].value = value; });
  }

  for (const input of [...inputs, rows, columns]) input.addEventListener("input", changed);
  return {
    way: "grid",
    boxes: () => [readBox(read())],
    names: () => "",
    set,
    add(box) { set(0, box); return 0; },
    remove() {},
    begin(isRepeat = false) { if (!isRepeat) past.push(read()); },
    undo() {
      past.pop()?.forEach((value, at) => { inputs[at].value = value; });
      changed();
    },
    canUndo: () => past.length > 0,
    lines: (area, scan) => gridPath(area, Number(rows.value), Number(columns.value), scan),
  };
}
