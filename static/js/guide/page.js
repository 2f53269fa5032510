// Drawing one box on a scan, for a picture in the guide. What is drawn stands in the input with the four numbers, in
// pixels of the scan, and what is typed there is drawn: the input is what the form sends.
import { start as startSurface } from "../cutting/surface.js";

const IN_THE_MIDDLE = { x: 40, y: 42, width: 20, height: 16 };

export function start(form) {
  const root = form.querySelector("[data-surface]");
  const input = form.querySelector("[name=box]");
  const [width, height] = [Number(root.dataset.width), Number(root.dataset.height)];
  let box = typed();
  let chosen = box ? 0 : -1;

  // In percent of the scan, as boxes are drawn; null while there are no four numbers.
  function typed() {
    const parts = input.value.split(/[\s,]+/).filter(Boolean).map(Number);
    if (parts.length !== 4 || !parts.every(Number.isFinite) || parts[2] <= 0 || parts[3] <= 0) return null;
    const [x, y, across, down] = parts;
    return { x: (100 * x) / width, y: (100 * y) / height, width: (100 * across) / width, height: (100 * down) / height };
  }

  function set(next) {
    box = next;
    const pixels = box && [box.x * width, box.y * height, box.width * width, box.height * height];
    input.value = pixels ? pixels.map((one) => Math.round(one / 100)).join(", ") : "";
  }

  function choose(next) {
    chosen = next;
    surface.draw();
  }

  const model = {
    way: "example",
    boxes: () => (box ? [box] : []),
    names: () => "",
    begin() {},
    set: (_, next) => set(next),
    add(next) {
      set(next);
      return 0;
    },
    remove() {
      set(null);
      choose(-1);
    },
  };
  const surface = startSurface(root, { model: () => model, isActive: () => true, choose, chosen: () => chosen });
  input.addEventListener("input", () => {
    box = typed();
    choose(box ? 0 : -1);
  });
  root.querySelector("[data-add]").addEventListener("click", () => {
    if (!box) set(IN_THE_MIDDLE);
    choose(0);
    root.querySelector("[data-index]").focus();
  });
  root.querySelector("[data-tools]").hidden = false;
  surface.draw();
}

const form = document.querySelector("[data-module='guide']");
if (form?.querySelector("[data-surface]")) start(form);
