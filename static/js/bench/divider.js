// The divider between scan and form: dragged, moved by arrow keys, or clicked from one third to the next; remembered.
import { recall, remember } from "./memory.js";

const [LEAST, MOST, STEP] = [30, 75, 2];
const STOPS = { wide: [45, 60, 75], narrow: [30, 42, 55] };
const narrow = window.matchMedia("(max-width: 63.99rem)");
const flat = window.matchMedia("(min-width: 42rem) and (max-height: 30rem)"); // A telephone on its side: see bench.css.
const isStacked = () => narrow.matches && !flat.matches;

export function start(body, onMoved) {
  const divider = body.querySelector("[data-divider]");
  let share = 60;
  let isDragged = false;

  const key = () => (isStacked() ? "micro:split:narrow" : "micro:split");

  function set(value) {
    // The form keeps at least 40 % of the height on a narrow screen.
    share = Math.round(Math.min(Math.max(LEAST, value), isStacked() ? 55 : MOST));
    body.style.setProperty(isStacked() ? "--split-height" : "--split", `${share}%`);
    divider.setAttribute("aria-valuenow", share);
    onMoved();
  }

  function settle(value) {
    set(value);
    remember("localStorage", key(), share);
  }

  function arrange() {
    divider.setAttribute("aria-orientation", isStacked() ? "horizontal" : "vertical");
    divider.setAttribute("aria-label", isStacked() ? divider.dataset.labelNarrow : divider.dataset.labelWide);
    divider.setAttribute("aria-valuemax", isStacked() ? 55 : MOST);
    set(recall("localStorage", key()) ?? (isStacked() ? 42 : narrow.matches ? 50 : 60));
  }

  function at(event) {
    const place = body.getBoundingClientRect();
    return isStacked() ? (100 * (event.clientY - place.top)) / place.height
      : (100 * (event.clientX - place.left)) / place.width;
  }

  const steps = { ArrowLeft: -STEP, ArrowUp: -STEP, ArrowRight: STEP, ArrowDown: STEP, PageUp: -10, PageDown: 10 };
  divider.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key in steps) settle(share + steps[event.key]);
    else if (event.key === "Home") settle(LEAST);
    else if (event.key === "End") settle(MOST);
    else return;
    event.preventDefault();
  });
  divider.addEventListener("pointerdown", (event) => {
    divider.setPointerCapture(event.pointerId);
    isDragged = false;
  });
  divider.addEventListener("pointermove", (event) => {
    if (!divider.hasPointerCapture(event.pointerId)) return;
    isDragged ||= Math.abs(at(event) - share) > 1;
    if (isDragged) set(at(event));
  });
  divider.addEventListener("pointerup", () => {
    // A click without a drag goes from stop to stop: nobody has to drag.
    const stops = isStacked() ? STOPS.narrow : STOPS.wide;
    settle(isDragged ? share : stops.find((stop) => stop > share + 1) ?? stops[0]);
  });
  divider.setAttribute("role", "separator");
  divider.setAttribute("aria-valuemin", LEAST);
  divider.tabIndex = 0;
  for (const one of [narrow, flat]) one.addEventListener("change", arrange);
  arrange();
}
