// The guide on the workbench: open or not, it stays so from card to card; a button in the head of the page opens it.
const KEY = "micro.guide";

function remembered() {
  try {
    return localStorage.getItem(KEY) === "open";
  } catch {
    return false; // A browser that keeps nothing: the guide begins closed.
  }
}

function remember(open) {
  try {
    localStorage.setItem(KEY, open ? "open" : "");
  } catch {
    // As above.
  }
}

export function start(root) {
  const guide = root.querySelector("[data-guide]");
  if (!guide) return;
  const button = root.querySelector("[data-guide-button]");
  const show = () => button?.setAttribute("aria-expanded", String(guide.open));
  guide.open = remembered();
  show();
  guide.addEventListener("toggle", () => {
    remember(guide.open);
    show();
  });
  if (!button) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    guide.open = !guide.open;
    if (guide.open) guide.querySelector(".guide")?.focus();
  });
}
