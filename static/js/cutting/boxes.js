// Pure geometry of boxes, no page in sight. All lengths are percent of the scan: x and width of its width, y and height
// of its height. A box is {x, y, width, height} and never leaves the scan; its sides are at least LEAST.

export const LEAST = 0.5;
const STEP = 0.5;
const between = (least, value, most) => Math.min(Math.max(value, least), most);
const rounded = (value) => Math.round(value * 100) / 100;

export function held(box) {
  const width = between(LEAST, box.width, 100);
  const height = between(LEAST, box.height, 100);
  return { x: rounded(between(0, box.x, 100 - width)), y: rounded(between(0, box.y, 100 - height)),
           width: rounded(width), height: rounded(height) };
}

export function moved(box, dx, dy) {
  return held({ ...box, x: box.x + dx, y: box.y + dy });
}

// The box between two points, in whatever direction it was drawn.
export function drawn(from, to) {
  const [left, right] = [from.x, to.x].map((x) => between(0, x, 100)).sort((a, b) => a - b);
  const [top, bottom] = [from.y, to.y].map((y) => between(0, y, 100)).sort((a, b) => a - b);
  return held({ x: left, y: top, width: right - left, height: bottom - top });
}

// One edge or corner ("n", "se") taken to a point; the opposite one stays where it is.
export function resized(box, edge, to) {
  let [left, top, right, bottom] = [box.x, box.y, box.x + box.width, box.y + box.height];
  if (edge.includes("w")) left = between(0, to.x, right - LEAST);
  if (edge.includes("e")) right = between(left + LEAST, to.x, 100);
  if (edge.includes("n")) top = between(0, to.y, bottom - LEAST);
  if (edge.includes("s")) bottom = between(top + LEAST, to.y, 100);
  return held({ x: left, y: top, width: right - left, height: bottom - top });
}

// What a point takes hold of: an edge or corner of the box, "inside", or "" for nothing. reach: {x, y} in percent.
// Only the chosen box is taken hold of: everywhere else one draws, also inside of a larger box.
export function grip(box, at, reach) {
  const [right, bottom] = [box.x + box.width, box.y + box.height];
  // From outside it must be closer: the next box may begin there.
  const [wide, high] = [reach.x / 3, reach.y / 3];
  if (at.x < box.x - wide || at.x > right + wide || at.y < box.y - high || at.y > bottom + high) return "";
  // In a small box the middle third stays for moving it.
  const [near, close] = [Math.min(reach.x, box.width / 3), Math.min(reach.y, box.height / 3)];
  const upright = at.y < box.y + close ? "n" : at.y > bottom - close ? "s" : "";
  const across = at.x < box.x + near ? "w" : at.x > right - near ? "e" : "";
  if (upright + across) return upright + across;
  return box.width * box.height > 9900 ? "" : "inside"; // One that is everywhere cannot be moved, only drawn anew.
}

// The smallest box that holds the point, as its index; -1 for none.
export function under(boxes, at) {
  const holding = boxes.map((box, index) => ({ box, index })).filter(({ box }) => box && grip(box, at, { x: 0, y: 0 }));
  holding.sort((one, other) => one.box.width * one.box.height - other.box.width * other.box.height);
  return holding.length ? holding[0].index : -1;
}

// An arrow key moves the box; with Shift it changes its size. Null: no such key.
export function nudged(box, key, isShift) {
  const step = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[key];
  if (!step) return null;
  if (!isShift) return moved(box, ...step);
  return resized(box, "se", { x: box.x + box.width + step[0], y: box.y + box.height + step[1] });
}

// What stands in four inputs as a box, or null where it is none.
export function readBox(texts) {
  const [x, y, width, height] = texts.map((text) => (String(text).trim() === "" ? NaN : Number(String(text).replace(",", "."))));
  const isOn = [x, y, width, height].every(Number.isFinite) && x >= 0 && y >= 0 && width > 0 && height > 0;
  return isOn && x + width <= 100.1 && y + height <= 100.1 ? { x, y, width, height } : null;
}

// The lines between the cells of a grid over an area, as an SVG path in percent times the scan's size.
export function gridPath(area, rows, columns, scan) {
  if (!(rows >= 1 && columns >= 1 && rows * columns <= 2000)) return "";
  const [left, top, width, height] = [area.x * scan.width, area.y * scan.height, area.width * scan.width, area.height * scan.height]
    .map((length) => length / 100);
  const across = Array.from({ length: columns - 1 }, (_, at) => `M${left + (width * (at + 1)) / columns} ${top}v${height}`);
  const down = Array.from({ length: rows - 1 }, (_, at) => `M${left} ${top + (height * (at + 1)) / rows}h${width}`);
  return [...across, ...down].join("");
}
