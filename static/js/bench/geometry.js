// Pure geometry of the viewer, no page in sight. Lengths of the scan are in its upright pixels, those of the stage in
// CSS pixels. A view is {x, y, scale, turn}: the point of the scan that stands in the middle of the stage, CSS pixels
// per pixel of the scan, and how far the scan is turned clockwise (0, 90, 180 or 270 degrees).

const LARGEST = 6; // CSS pixels per scan pixel: beyond that one sees squares, not letters
const COSINE = { 0: 1, 90: 0, 180: -1, 270: 0 };
const SINE = { 0: 0, 90: 1, 180: 0, 270: -1 };

const between = (least, value, most) => Math.min(Math.max(value, least), most);
const lies = (turn) => turn === 90 || turn === 270;

// How large a box can be so that all of it is on the stage, with a share of air round it.
export function fittingScale(box, stage, turn = 0, air = 0.05) {
  const [width, height] = lies(turn) ? [box.height, box.width] : [box.width, box.height];
  return Math.min(stage.width / width, stage.height / height) * (1 - 2 * air);
}

export function fitted(box, stage, turn = 0, air = 0.05) {
  return { x: box.x + box.width / 2, y: box.y + box.height / 2, scale: fittingScale(box, stage, turn, air), turn };
}

// The point of the scan under a point of the stage.
export function toScan(view, at, stage) {
  const dx = (at.x - stage.width / 2) / view.scale;
  const dy = (at.y - stage.height / 2) / view.scale;
  const [cosine, sine] = [COSINE[view.turn], SINE[view.turn]];
  return { x: view.x + cosine * dx + sine * dy, y: view.y - sine * dx + cosine * dy };
}

// The point of the stage on which a point of the scan stands.
export function toStage(view, point, stage) {
  const [dx, dy] = [(point.x - view.x) * view.scale, (point.y - view.y) * view.scale];
  const [cosine, sine] = [COSINE[view.turn], SINE[view.turn]];
  return { x: stage.width / 2 + cosine * dx - sine * dy, y: stage.height / 2 + sine * dx + cosine * dy };
}

// Dragged by so many pixels of the stage: the scan follows the hand.
export function panned(view, dx, dy) {
  const middle = toScan(view, { x: -dx, y: -dy }, { width: 0, height: 0 });
  return { ...view, ...middle };
}

// Larger by a factor; whatever is under `at` stays there.
export function zoomed(view, factor, at, stage) {
  const point = toScan(view, at, stage);
  const larger = { ...view, scale: view.scale * factor };
  const moved = toStage(larger, point, stage);
  return panned(larger, at.x - moved.x, at.y - moved.y);
}

export function turned(view, by) {
  return { ...view, turn: (((view.turn + by) % 360) + 360) % 360 };
}

// The view within bounds: no smaller than half of the whole scan's fit, and its middle never beside the scan.
export function held(view, scan, stage) {
  const least = fittingScale({ x: 0, y: 0, ...scan }, stage, view.turn) / 2;
  return { ...view, scale: between(least, view.scale, Math.max(LARGEST, least)),
           x: between(0, view.x, scan.width), y: between(0, view.y, scan.height) };
}

// Whether all of the box is on the stage.
export function shows(view, box, stage) {
  const corners = [[box.x, box.y], [box.x + box.width, box.y + box.height]].map(([x, y]) => toStage(view, { x, y }, stage));
  return corners.every((at) => at.x >= 0 && at.y >= 0 && at.x <= stage.width && at.y <= stage.height);
}

// The view moved to a field's box. Who chose a scale keeps it; else the box is enlarged, up to twice the piece's fit,
// so that one step to the next field never jumps far. A box that can be seen well already moves nothing.
export function revealing(view, box, stage, { fit, byHand }) {
  const closest = fittingScale(box, stage, view.turn);
  const scale = byHand ? Math.min(view.scale, closest) : between(Math.min(fit, closest), closest, 2 * fit);
  const isNear = view.scale > scale / 1.15 && view.scale < scale * 1.6;
  if (isNear && shows(view, box, stage)) return view;
  return { ...view, scale, x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

// The four brackets round a box as an SVG path; an arm is so many CSS pixels long, or a third of the shorter side.
export function corners(box, scale, arm_px = 34) {
  const arm = Math.min(arm_px / scale, Math.min(box.width, box.height) / 3);
  const [left, top, right, bottom] = [box.x, box.y, box.x + box.width, box.y + box.height];
  return `M${left} ${top + arm}V${top}H${left + arm}M${right - arm} ${top}H${right}V${top + arm}` +
    `M${right} ${bottom - arm}V${bottom}H${right - arm}M${left + arm} ${bottom}H${left}V${bottom - arm}`;
}

// The transform of an SVG group that shows the view on a stage whose viewBox is its own size.
export function transform(view, stage) {
  const number = (value) => Number(value.toFixed(4));
  return `translate(${number(stage.width / 2)} ${number(stage.height / 2)}) rotate(${view.turn}) ` +
    `scale(${number(view.scale)}) translate(${number(-view.x)} ${number(-view.y)})`;
}

// Part of the way from one view to another, for a short glide; turns do not glide.
export function gliding(from, to, share) {
  const mix = (name) => from[name] + (to[name] - from[name]) * share;
  return { ...to, x: mix("x"), y: mix("y"), scale: mix("scale") };
}
