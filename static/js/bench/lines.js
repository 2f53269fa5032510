// A page line by line: the line in use is enlarged above its input, Enter goes to the next, and what was written can be
// looked at with its marks. On a narrow screen the view shows a part of the line and follows the caret.
//
// To the viewer: show({x, y, width, height}) brings a box of the scan, in its pixels, onto the stage.
import { rendered } from "./marks.js";
import { partOf } from "./part.js";
import { calm } from "./press.js";

const boxOf = (text) => {
  const [x, y, width, height] = text.split(" ").map(Number);
  return { x, y, width, height };
};

export function start(form, { show = () => {}, stage = () => null } = {}) {
  for (const root of form.querySelectorAll("[data-lines]")) prepare(root, show, stage);
  startPlace(form);
}

// Which line one is at, at the head of the form. A line's own label says it to screen readers.
function startPlace(form) {
  const place = form.querySelector("[data-line-place]");
  if (!place) return;
  form.addEventListener("focusin", (event) => {
    const line = event.target.closest("[data-line]");
    if (!line) return;
    const lines = [...line.parentElement.children];
    const words = { number: lines.indexOf(line) + 1, count: lines.length };
    place.textContent = place.dataset.word.replace(/{(number|count)}/g, (_, name) => words[name]);
  });
}

function prepare(root, show, stage) {
  const lines = [...root.querySelectorAll("[data-line]")];
  const allowed = (root.dataset.markup ?? "").split(" ");
  const input = (line) => line.querySelector("[data-one-line]");
  const whenCalm = calm(root);
  let last = "";

  // Line ends that were pasted are blanks: a line is one line.
  function oneLine(event) {
    if (event.target.matches("[data-one-line]") && event.target.value.includes("\n")) {
      event.target.value = event.target.value.replace(/\s*\n\s*/g, " ").trimStart();
    }
  }

  function enlarge(line) {
    for (const other of lines) {
      const strip = other.querySelector("[data-strip]");
      if (strip) strip.hidden = other !== line;
    }
    const picture = line.querySelector("[data-strip] img[data-src]");
    if (!picture) return;
    picture.addEventListener("error", () => picture.closest("[data-strip]").remove(), { once: true });
    picture.src = picture.dataset.src;
    delete picture.dataset.src;
  }

  function follow(line) {
    const size = stage();
    if (!line?.dataset.box || !size || !window.matchMedia("(max-width: 63.99rem)").matches) return;
    const part = partOf(boxOf(line.dataset.box), input(line).selectionStart ?? 0, size.width / size.height);
    if (JSON.stringify(part) === last) return;
    last = JSON.stringify(part);
    show(part);
  }

  root.addEventListener("focusin", (event) => {
    const line = event.target.closest("[data-line]");
    if (line) whenCalm(() => enlarge(line));
    if (line && event.target === input(line)) setTimeout(() => follow(line), 0); // After the field's own box.
  });
  root.addEventListener("input", oneLine);
  root.addEventListener("input", (event) => follow(event.target.closest("[data-line]")));
  startPreview(root, lines, input, allowed);
}

function startPreview(root, lines, input, allowed) {
  const preview = root.querySelector("[data-line-preview]");
  const place = preview.querySelector("[data-line-rendered]");
  const texts = () => (lines.length ? lines.map((line) => input(line).value) : root.querySelector("[data-line-text]").value.split("\n"));

  function draw() {
    if (!preview.open) return;
    place.replaceChildren(...texts().map((text) => {
      const line = document.createElement("p");
      line.append(...(text ? rendered(text, allowed) : [document.createElement("br")]));
      return line;
    }));
  }

  preview.hidden = false;
  preview.addEventListener("toggle", draw);
  root.addEventListener("input", draw);
}
