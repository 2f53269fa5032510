// Choosing how scans are cut: the drawing over the scan, bound to the inputs beside it.
import { start as startArea } from "./area.js";
import { start as startList } from "./list.js";
import { start as startSurface } from "./surface.js";

const IN_THE_MIDDLE = { x: 30, y: 40, width: 40, height: 15 };

export function start(form) {
  const root = form.querySelector("[data-surface]");
  const said = root?.querySelector("[data-said]");
  const tools = root?.querySelector("[data-tools]");
  let index = -1;
  let surface = null;

  const way = () => form.querySelector("[name=by]:checked")?.value;
  const isActive = () => Boolean(surface) && (way() === "template" || way() === "grid");
  const list = startList(form, { changed: refresh });
  const area = startArea(form, { changed: refresh });
  const model = () => (way() === "grid" ? area : list);

  function refresh() {
    if (!surface) return;
    surface.draw();
    const isTemplate = way() === "template";
    tools.hidden = !isActive();
    tools.querySelector("[data-undo]").disabled = !model().canUndo();
    tools.querySelector("[data-delete]").disabled = !isTemplate || index < 0 || index >= list.boxes().length;
    for (const name of ["[data-add]", "[data-delete]"]) tools.querySelector(name).hidden = !isTemplate;
    list.items().forEach((item, at) => item.classList.toggle("is-chosen", isTemplate && at === index));
    const box = isActive() ? model().boxes()[index] : null;
    said.textContent = box ? `${index + 1} ${model().names(index)}: x ${box.x} %, y ${box.y} %, ${box.width} % × ${box.height} %` : "";
  }

  function choose(next) {
    if (next !== index && way() === "template") list.open(next);
    index = next;
    refresh();
  }

  function add() {
    list.begin();
    choose(list.add(IN_THE_MIDDLE));
    root.querySelector(`[data-drawn="template"] [data-index="${index}"]`)?.focus();
  }

  function remove(at) {
    list.remove(at);
    choose(-1);
    tools?.querySelector("[data-add]").focus();
  }

  if (root) {
    const drawn = { ...list, remove };
    surface = startSurface(root, { model: () => (way() === "grid" ? area : drawn), isActive, choose, chosen: () => index });
    tools.querySelector("[data-add]").addEventListener("click", add);
    tools.querySelector("[data-undo]").addEventListener("click", () => { model().undo(); refresh(); });
    tools.querySelector("[data-delete]").addEventListener("click", () => remove(index));
    for (const hint of form.querySelectorAll("[data-how]")) hint.hidden = false;
  }
  form.addEventListener("click", (event) => {
    const below = event.target.closest("[data-add-below]");
    const gone = event.target.closest("[data-remove]");
    if (!root || (!below && !gone)) return;
    event.preventDefault();
    if (below) add();
    else remove(list.items().indexOf(gone.closest("[data-box]")));
  });
  form.addEventListener("change", (event) => { if (event.target.name === "by") choose(-1); });
  form.addEventListener("focusin", (event) => {
    const item = event.target.closest("[data-box]");
    if (item && way() === "template") choose(list.items().indexOf(item));
  });
  form.addEventListener("keydown", (event) => {
    // In an input the browser undoes what was typed there.
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z" || event.target.matches("input, textarea")) return;
    event.preventDefault();
    model().undo();
    refresh();
  });
  refresh();
}

const form = document.querySelector("[data-module='cutting']");
if (form) start(form);
