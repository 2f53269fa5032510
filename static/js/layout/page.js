// The lines of a layout: the one in the list and the one on the scan are shown together, arrows go from line to line,
// and the larger picture is fetched once it is looked at closely. Without this script the links do the same.
export function start(stage) {
  const view = stage.closest(".layout-view");
  const list = view.querySelector("[data-lines]");
  const image = stage.querySelector("image");
  const shapes = new Map([...stage.querySelectorAll("path[id]")].map((path) => [path.id, path]));
  const links = new Map([...(list?.querySelectorAll("a") ?? [])].map((link) => [link.hash.slice(1), link]));
  let marked = "";

  function mark(id) {
    for (const [name, isOn] of [[marked, false], [id, true]]) {
      shapes.get(name)?.classList.toggle("is-active", isOn);
      links.get(name)?.parentElement.classList.toggle("is-active", isOn);
    }
    marked = id;
  }

  // Only within the stage: the page itself stays where it is.
  function reveal(shape) {
    const [box, frame] = [shape.getBoundingClientRect(), stage.getBoundingClientRect()];
    if (box.top >= frame.top && box.bottom <= frame.bottom && box.left >= frame.left && box.right <= frame.right) return;
    stage.scrollBy({ top: box.top - frame.top - frame.height / 3, left: box.left - frame.left - 40 });
  }

  const idOf = (event) => event.target.closest("a")?.hash.slice(1) ?? event.target.closest("li")?.querySelector("a").hash.slice(1);
  list?.addEventListener("pointerover", (event) => mark(idOf(event) ?? ""));
  list?.addEventListener("focusin", (event) => { mark(idOf(event) ?? ""); if (shapes.has(marked)) reveal(shapes.get(marked)); });
  list?.addEventListener("click", (event) => {
    if (!event.target.closest("a")) return;
    event.preventDefault();
    mark(idOf(event));
    reveal(shapes.get(marked));
  });
  list?.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const seen = [...links.values()].filter((link) => link.offsetParent);
    seen[seen.indexOf(document.activeElement) + step]?.focus();
  });
  stage.addEventListener("click", (event) => {
    if (!shapes.has(event.target.id)) return;
    mark(event.target.id);
    links.get(event.target.id)?.focus({ preventScroll: true });
    links.get(event.target.id)?.scrollIntoView({ block: "nearest" });
  });
  for (const size of view.querySelectorAll("[name=size]")) {
    size.addEventListener("change", () => {
      if (size.value !== "1" && image.dataset.large) image.setAttribute("href", image.dataset.large);
      if (shapes.has(marked)) reveal(shapes.get(marked));
    });
  }
}

const root = document.querySelector("[data-module='layout']");
if (root) start(root);
