// Drawing boxes on the scan by mouse, finger and keys. What is drawn stands in a model; see list.js and area.js:
// {boxes(), names(index), set(index, box), add(box), remove(index), begin(), lines?()}. Indexes count from 0.
import { corners } from "../bench/geometry.js";
import { drawn, grip, moved, nudged, resized, under } from "./boxes.js";

const SVG = "http://www.w3.org/2000/svg";
const REACH_PX = { mouse: 6, pen: 9, touch: 14 };
const CLICK_PX = 6; // Less of a way than this is a click, not a box.

function made(name, attributes, ...inside) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...inside);
  return element;
}

export function start(root, { model, isActive, choose, chosen }) {
  const canvas = root.querySelector("[data-canvas]");
  const scan = { width: Number(root.dataset.width), height: Number(root.dataset.height) };
  let isDrawing = false;
  let hold = null; // What the pointer has taken hold of: {index, grip, from, box}, or {from} while a box is drawn.

  const inPixels = (box) => ({ x: (box.x * scan.width) / 100, y: (box.y * scan.height) / 100,
                               width: (box.width * scan.width) / 100, height: (box.height * scan.height) / 100 });

  function shape(box, index, group) {
    const place = inPixels(box);
    const path = corners(place, 1, Math.max(scan.width, scan.height) / 40);
    const label = `${index + 1}  ${model().names(index)}`.trim();
    const lines = model().lines ? model().lines(box, scan) : "";
    group.append(made("g", { class: `cut-box${index === chosen() ? " is-chosen" : ""}`, tabindex: 0, role: "button",
                             "aria-label": label, "aria-pressed": index === chosen(), "data-index": index },
      made("rect", { class: "cut-box__area", ...place }),
      ...(lines ? [made("path", { class: "cut-outline cut-outline--halo", d: lines }), made("path", { class: "cut-outline", d: lines })] : []),
      made("path", { class: "cut-halo", d: path }), made("path", { class: "cut-bracket", d: path }),
      ...(model().names(index) ? [made("text", { class: "cut-label", x: place.x + place.width - scan.width / 120,
                                                  y: place.y + scan.width / 36, "font-size": scan.width / 44 }, label)] : [])));
  }

  function draw() {
    if (!isActive()) return;
    const group = canvas.querySelector(`[data-drawn="${model().way}"]`);
    const focused = group.contains(document.activeElement) ? document.activeElement.dataset.index : null;
    group.replaceChildren();
    model().boxes().forEach((box, index) => box && shape(box, index, group));
    if (focused === null) return;
    isDrawing = true; // The same focus on a new element is no new choice.
    group.querySelector(`[data-index="${focused}"]`)?.focus({ preventScroll: true });
    isDrawing = false;
  }

  // Where the pointer is, in percent; the picture keeps its shape inside the element, so its own matrix tells.
  function at(event) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(canvas.getScreenCTM().inverse());
    return { x: (100 * point.x) / scan.width, y: (100 * point.y) / scan.height };
  }

  function reach(event) {
    const px = REACH_PX[event.pointerType] ?? REACH_PX.mouse;
    const scale = canvas.getScreenCTM().a;
    return { x: (100 * px) / scale / scan.width, y: (100 * px) / scale / scan.height };
  }

  // What the pointer takes hold of here: the chosen box, or its edge, or nothing.
  function taken(event) {
    const box = model().boxes()[chosen()];
    return box ? grip(box, at(event), reach(event)) : "";
  }

  canvas.addEventListener("pointerdown", (event) => {
    const from = at(event);
    if (!isActive() || event.button !== 0 || from.x < 0 || from.y < 0 || from.x > 100 || from.y > 100) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    const grasp = taken(event);
    hold = { from, start: [event.clientX, event.clientY], isMoved: false, grasp,
             ...(grasp ? { index: chosen(), box: model().boxes()[chosen()] } : {}) };
  });

  canvas.addEventListener("pointermove", (event) => {
    if (!hold) {
      canvas.dataset.grasp = isActive() ? taken(event) : "";
      return;
    }
    if (!hold.isMoved && Math.hypot(event.clientX - hold.start[0], event.clientY - hold.start[1]) <= CLICK_PX) return;
    const to = at(event);
    if (!hold.isMoved) {
      hold.isMoved = true;
      model().begin();
      if (!hold.grasp) {
        hold.index = model().add(drawn(hold.from, to));
        choose(hold.index);
      }
    }
    const box = !hold.grasp ? drawn(hold.from, to)
      : hold.grasp === "inside" ? moved(hold.box, to.x - hold.from.x, to.y - hold.from.y) : resized(hold.box, hold.grasp, to);
    model().set(hold.index, box);
    choose(hold.index);
  });

  canvas.addEventListener("pointerup", () => {
    if (hold && !hold.isMoved) choose(under(model().boxes(), hold.from));
    if (hold && chosen() >= 0) canvas.querySelector(`[data-index="${chosen()}"]`)?.focus({ preventScroll: true });
    hold = null;
  });
  canvas.addEventListener("pointercancel", () => { hold = null; });

  canvas.addEventListener("focusin", (event) => {
    const index = event.target.closest?.(".cut-box")?.dataset.index;
    if (!isDrawing && index !== undefined && Number(index) !== chosen()) choose(Number(index));
  });
  canvas.addEventListener("keydown", (event) => {
    const place = event.target.closest?.(".cut-box");
    if (!place || event.ctrlKey || event.metaKey || event.altKey) return;
    const index = Number(place.dataset.index);
    const next = nudged(model().boxes()[index], event.key, event.shiftKey);
    if (next) {
      event.preventDefault();
      model().begin(event.repeat);
      model().set(index, next);
      choose(index);
    } else if (event.key === "Escape") {
      place.blur();
      choose(-1);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      model().remove(index);
    }
  });
  canvas.classList.add("is-drawable");
  return { draw };
}
