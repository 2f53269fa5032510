// The scan on its stage: moved by hand, wheel, keys and by the field in use. All reckoning is in geometry.js.
import { corners, fitted, fittingScale, gliding, held, panned, revealing, transform, turned, zoomed } from "./geometry.js";
import { recall, remember } from "./memory.js";
import { start as startTiles } from "./tiles.js";

const KEY = "micro:view";
const STEP = 1.25;
const PAN_PX = 60;
const GLIDE_MS = 160;
const ALMOST_ALL = 0.95; // of the piece’s area
const numbers = (text) => text.split(" ").map(Number);
const boxOf = (text) => {
  const [x, y, width, height] = numbers(text);
  return { x, y, width, height };
};

export function start(root) {
  const stageElement = root.querySelector("[data-stage]");
  const picture = root.querySelector("[data-picture]");
  const moved = root.querySelector("[data-moved]");
  const image = moved.querySelector("image");
  const lit = moved.querySelector("[data-lit]");
  const zoomShown = root.querySelector("[data-zoom]");
  const [width, height] = numbers(root.dataset.scanSize);
  const scan = { width, height };
  const page = { x: 0, y: 0, width, height };
  const region = boxOf(root.dataset.region);
  const before = recall("sessionStorage", KEY);
  const isSamePage = before?.scan === root.dataset.scan;

  let stage = { width: 1, height: 1 };
  let view = { ...fitted(region, stage), turn: isSamePage ? before.turn : 0 };
  let fit = region; // what "fit" means now: the piece, the whole page, or nothing once it was moved by hand
  let byHand = isSamePage && before.byHand;
  let frame = 0;
  const onPage = [];
  const onShown = [];
  const onFailed = [];
  const tiles = startTiles(root.querySelector("[data-tiles]"), scan, {
    onShown() {
      image.remove(); // The tiles lie under it, and are sharper.
      onShown.forEach((tell) => tell());
    },
    onFailed: () => onFailed.forEach((tell) => tell()),
  });

  function draw(next) {
    view = held(next, scan, stage);
    moved.setAttribute("transform", transform(view, stage));
    tiles.place(view, stage);
    for (const [name, width_px] of [[".scan-halo", 7], [".scan-bracket", 3.3]]) {
      moved.querySelector(name).setAttribute("stroke-width", width_px / view.scale);
      moved.querySelector(name).setAttribute("d", corners(region, view.scale));
    }
    zoomShown.textContent = new Intl.NumberFormat(document.documentElement.lang, { style: "percent" }).format(view.scale);
  }

  function keep() {
    remember("sessionStorage", KEY, { ...recall("sessionStorage", KEY), scan: root.dataset.scan, turn: view.turn,
                                      scale: view.scale, byHand });
  }

  function move(next, { hand = true } = {}) {
    cancelAnimationFrame(frame);
    if (hand) {
      fit = null;
      byHand = true;
      onPage.forEach((tell) => tell(false));
    }
    draw(next);
    keep();
  }

  function glide(to) {
    if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) return move(to, { hand: false });
    cancelAnimationFrame(frame);
    const [from, begin] = [view, performance.now()];
    const step = (now) => {
      const share = Math.min(1, (now - begin) / GLIDE_MS);
      draw(gliding(from, to, 1 - (1 - share) ** 3));
      if (share < 1) frame = requestAnimationFrame(step);
      else keep();
    };
    frame = requestAnimationFrame(step);
  }

  function fitTo(box) {
    fit = box;
    byHand = false;
    onPage.forEach((tell) => tell(box === page));
    draw(fitted(box, stage, view.turn));
    keep();
  }

  const middle = () => ({ x: stage.width / 2, y: stage.height / 2 });
  const zoom = (factor, at = middle()) => move(zoomed(view, factor, at, stage));
  const turn = (by) => {
    if (fit) draw(fitted(fit, stage, turned(view, by).turn));
    else draw(turned(view, by));
    keep();
  };

  // The first fit comes with the first size; later ones keep a view that was chosen by hand.
  new ResizeObserver(() => {
    const isFirst = stage.width === 1;
    stage = { width: stageElement.clientWidth || 1, height: stageElement.clientHeight || 1 };
    picture.setAttribute("viewBox", `0 0 ${stage.width} ${stage.height}`);
    if (isFirst && byHand) draw({ ...fitted(region, stage, view.turn), scale: before.scale });
    else draw(fit && !byHand ? fitted(fit, stage, view.turn) : view);
  }).observe(stageElement);

  const keys = {
    ArrowLeft: () => move(panned(view, PAN_PX, 0)), ArrowRight: () => move(panned(view, -PAN_PX, 0)),
    ArrowUp: () => move(panned(view, 0, PAN_PX)), ArrowDown: () => move(panned(view, 0, -PAN_PX)),
    "+": () => zoom(STEP), "=": () => zoom(STEP), "-": () => zoom(1 / STEP), "−": () => zoom(1 / STEP),
    0: () => fitTo(region), r: () => turn(90), R: () => turn(-90),
  };
  stageElement.addEventListener("keydown", (event) => {
    if (event.target !== stageElement || event.altKey || event.ctrlKey || event.metaKey || !(event.key in keys)) return;
    event.preventDefault();
    // Caps Lock gives "R" too: what counts is Shift.
    keys[/^r$/i.test(event.key) ? (event.shiftKey ? "R" : "r") : event.key]();
  });
  stageElement.tabIndex = 0;
  stageElement.setAttribute("role", "group");

  return {
    stageElement, zoom, turn, move,
    view: () => view,
    fit: () => fitTo(region),
    showPage: (isOn) => fitTo(isOn ? page : region),
    isPage: () => fit === page,
    whenPage: (tell) => onPage.push(tell),
    whenShown: (tell) => onShown.push(tell),
    whenFailed: (tell) => onFailed.push(tell),
    again: tiles.again,
    reset() {
      view = { ...view, turn: 0 };
      fitTo(region);
    },
    focus: () => stageElement.focus(),
    // The box of the field in use is lit. None is when it is not known, or is the whole piece: that has its brackets,
    // and a tint over all of it would only make it harder to read.
    light(box) {
      const { x, y, width, height } = box ? boxOf(box) : region;
      const isAll = width * height >= ALMOST_ALL * region.width * region.height;
      lit.setAttribute("d", isAll ? "" : `M${x} ${y}h${width}v${height}h${-width}z`);
    },
    // Brings a box, {x, y, width, height}, onto the stage as large as it fits.
    show(box) {
      fit = null;
      glide(fitted(box, stage, view.turn, 0));
    },
    reveal(box) {
      const close = { fit: fittingScale(region, stage, view.turn), byHand };
      if (fit === page) return; // The whole page was asked for.
      fit = null;
      glide(revealing(view, boxOf(box), stage, close));
    },
    zoomIn: () => zoom(STEP),
    zoomOut: () => zoom(1 / STEP),
  };
}
