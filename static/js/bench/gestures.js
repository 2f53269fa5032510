// Hand and wheel on the stage: drag to move, pinch or wheel to zoom, double click to come closer to a point.
import { panned, zoomed } from "./geometry.js";

export function start(viewer) {
  const element = viewer.stageElement;
  const down = new Map();

  const place = (event) => {
    const stage = element.getBoundingClientRect();
    return { x: event.clientX - stage.left, y: event.clientY - stage.top };
  };
  const size = () => ({ width: element.clientWidth, height: element.clientHeight });
  const gap = ([one, other]) => Math.hypot(one.x - other.x, one.y - other.y) || 1;
  const middle = ([one, other]) => ({ x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 });

  element.addEventListener("wheel", (event) => {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    const change = Math.max(-240, Math.min(240, event.deltaY * lines)) * (event.ctrlKey ? 4 : 1);
    viewer.zoom(Math.exp(-change * 0.0016), place(event));
  }, { passive: false });

  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.target.closest("button, a")) return;
    element.setPointerCapture(event.pointerId);
    down.set(event.pointerId, place(event));
    element.classList.add("is-held");
  });

  element.addEventListener("pointermove", (event) => {
    if (!down.has(event.pointerId)) return;
    const before = [...down.values()];
    const last = down.get(event.pointerId);
    const now = place(event);
    down.set(event.pointerId, now);
    if (before.length === 1 && (now.x !== last.x || now.y !== last.y)) {
      viewer.move(panned(viewer.view(), now.x - last.x, now.y - last.y));
    } else if (before.length === 2) {
      const after = [...down.values()];
      const [from, to] = [middle(before), middle(after)];
      viewer.move(zoomed(panned(viewer.view(), to.x - from.x, to.y - from.y), gap(after) / gap(before), to, size()));
    }
  });

  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
    element.addEventListener(name, (event) => {
      down.delete(event.pointerId);
      if (!down.size) element.classList.remove("is-held");
    });
  }

  // Nobody has to drag: a double click brings a point to the middle and closer.
  element.addEventListener("dblclick", (event) => {
    if (event.target.closest("button, a")) return;
    const at = place(event);
    const { width, height } = size();
    viewer.move(zoomed(panned(viewer.view(), width / 2 - at.x, height / 2 - at.y), 1.6, { x: width / 2, y: height / 2 },
                       { width, height }));
  });
}
