// Zoom on the crop: the buttons appear with this script, and dragging moves the piece that is seen.
const STEP = 1.4;
const CLOSEST = 8;

/** The view box after a zoom by `factor` about its middle; never wider than `full`, nor closer than CLOSEST times. */
export function zoomed(view, full, factor) {
  const width = Math.min(full.width, Math.max(full.width / CLOSEST, view.width / factor));
  const height = width * full.height / full.width;
  return kept({ x: view.x + (view.width - width) / 2, y: view.y + (view.height - height) / 2, width, height }, full);
}

/** The view box moved so that it lies within `full`. */
export function kept(view, full) {
  const inside = (place, size, least, whole) => Math.min(Math.max(place, least), least + whole - size);
  return { ...view, x: inside(view.x, view.width, full.x, full.width), y: inside(view.y, view.height, full.y, full.height) };
}

function prepare(svg) {
  const box = svg.viewBox.baseVal;
  const full = { x: box.x, y: box.y, width: box.width, height: box.height };
  let view = full;
  const show = (next) => { view = next; svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`); };
  svg.addEventListener("pointermove", (event) => {
    if (event.buttons !== 1 || view.width >= full.width) return;
    const scale = view.width / svg.clientWidth;
    show(kept({ ...view, x: view.x - event.movementX * scale, y: view.y - event.movementY * scale }, full));
  });
  return { in: () => show(zoomed(view, full, STEP)), out: () => show(zoomed(view, full, 1 / STEP)), fit: () => show(full) };
}

export function start(viewer) {
  const plates = [...viewer.querySelectorAll(".viewer__pair > div > svg, .viewer__page > svg")].map(prepare);
  for (const button of viewer.querySelectorAll("[data-zoom]")) {
    button.hidden = false;
    button.addEventListener("click", () => { for (const plate of plates) plate[button.dataset.zoom](); });
  }
}
