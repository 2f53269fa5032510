// The image tools: zoom, turn, tones, the whole page, full screen; and the word about a scan that did not come.
import { recall, remember } from "./memory.js";

const KEY = "micro:tones";
const PLAIN = { brightness: 100, contrast: 100, invert: false };

export function start(root, viewer) {
  const tool = (name) => root.querySelector(`[data-tool=${name}]`);
  const pictures = root.querySelectorAll("[data-tiles], [data-moved] image"); // The brackets keep their colours.
  const sliders = [...root.querySelectorAll("[data-tone]")];
  const tones = { ...PLAIN };

  function tone(changed) {
    Object.assign(tones, changed);
    const filter = `brightness(${tones.brightness}%) contrast(${tones.contrast}%)${tones.invert ? " invert(1)" : ""}`;
    for (const picture of pictures) picture.style.filter = filter;
    for (const slider of sliders) slider.value = tones[slider.dataset.tone];
    tool("invert").setAttribute("aria-pressed", String(tones.invert));
    remember("sessionStorage", KEY, { ...tones, scan: root.dataset.scan });
  }

  const actions = {
    "zoom-in": viewer.zoomIn,
    "zoom-out": viewer.zoomOut,
    fit: viewer.fit,
    "turn-left": () => viewer.turn(-90),
    "turn-right": () => viewer.turn(90),
    invert: () => tone({ invert: !tones.invert }),
    page: () => viewer.showPage(!viewer.isPage()),
    "full-screen": () => (document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen()),
    reset() {
      tone(PLAIN);
      viewer.reset();
    },
    tones() {
      const isOpen = root.querySelector("[data-tones]").toggleAttribute("data-open");
      tool("tones").setAttribute("aria-expanded", String(isOpen));
    },
  };
  for (const [name, action] of Object.entries(actions)) tool(name).addEventListener("click", action);
  for (const slider of sliders) {
    slider.addEventListener("input", () => tone({ [slider.dataset.tone]: Number(slider.value) }));
  }

  viewer.whenPage((isOn) => tool("page").setAttribute("aria-pressed", String(isOn)));
  const full = tool("full-screen");
  const labels = [full.getAttribute("aria-label"), full.dataset.leave];
  full.hidden = !document.fullscreenEnabled;
  document.addEventListener("fullscreenchange", () => {
    const isFull = document.fullscreenElement === root;
    full.setAttribute("aria-pressed", String(isFull));
    full.setAttribute("aria-label", labels[Number(isFull)]);
    full.title = labels[Number(isFull)];
    full.querySelector(".tool__leave").hidden = !isFull;
    if (!viewer.isPage()) viewer.fit();
  });

  const before = recall("sessionStorage", KEY);
  if (before?.scan === root.dataset.scan) tone({ brightness: before.brightness, contrast: before.contrast, invert: before.invert });
  root.querySelector("[data-tools]").hidden = false;
  watch(root, viewer);
}

// An SVG image fails in silence, so its file is asked for once more beside it; the browser has it already. Once tiles
// have come, the scan is there; one that fails later is a blurred corner, and no reason to say that nothing came.
function watch(root, viewer) {
  const failed = root.querySelector("[data-failed]");
  const image = root.querySelector("[data-moved] image");
  let [isShown, isPicture] = [false, false];
  function tell(isMissing) {
    failed.hidden = !isMissing;
    failed.parentElement.classList.toggle("is-failed", isMissing);
  }
  function look() {
    const probe = new Image();
    probe.onload = () => {
      isPicture = true;
      if (!failed.hidden) image.setAttribute("href", probe.src);
      tell(false);
    };
    probe.onerror = () => isShown || tell(true);
    probe.src = image.getAttribute("href");
  }
  root.querySelector("[data-tell]")?.addEventListener("click", () => {
    const report = document.getElementById("report");
    report.open = true;
    report.querySelector("textarea").focus();
  });
  viewer.whenShown(() => {
    isShown = true;
    tell(false);
  });
  viewer.whenFailed(() => isShown || isPicture || tell(true));
  root.querySelector("[data-reload]").addEventListener("click", () => {
    viewer.again();
    look();
  });
  look();
}
