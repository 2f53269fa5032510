// Single keys press what carries them in data-key. They rest while somebody types, with any modifier, and when switched off.
const STORED = "micro-review-keys";

function isTyping(target) {
  return target instanceof Element && target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]") !== null;
}

function isOwnEnter(event) {
  return event.key === "Enter" && event.target instanceof Element && event.target.closest("a, button, summary, label, input") !== null;
}

function areOn() {
  try { return localStorage.getItem(STORED) !== "off"; } catch { return true; }
}

function remember(on) {
  try { localStorage.setItem(STORED, on ? "on" : "off"); } catch { /* A browser that keeps nothing: on until the next page. */ }
}

/** The element of `root` that a key event presses, or null. */
export function pressedBy(root, event) {
  if (event.defaultPrevented || event.repeat || event.isComposing) return null;
  if (event.ctrlKey || event.altKey || event.metaKey || event.getModifierState("AltGraph")) return null;
  if (isTyping(event.target) || isOwnEnter(event)) return null;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return [...root.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key && !one.closest("[hidden]")) ?? null;
}

/** Listens from now on; `ready()` of what it returns: another record is on the screen, or the same again. */
export function start(root) {
  let on = areOn();
  const follow = () => {
    const box = root.querySelector("[data-keys-switch]");
    if (!box) return;
    box.checked = on;
    box.closest("label").hidden = false;
    box.addEventListener("change", () => { on = box.checked; remember(on); });
  };
  follow();
  let pressed = false;
  root.addEventListener("keydown", (event) => {
    const element = on && !pressed ? pressedBy(root, event) : null;
    if (!element) return;
    event.preventDefault();
    // The page is on its way to the next; a second key would meet what is no longer there.
    pressed = element.tagName !== "SUMMARY";
    element.click();
  });
  globalThis.addEventListener("pageshow", () => { pressed = false; });
  return { ready: () => { pressed = false; follow(); } };
}
