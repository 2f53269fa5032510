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

/** The key that an event means for us, or null. */
function meant(event) {
  if (event.defaultPrevented || event.repeat || event.isComposing) return null;
  if (event.ctrlKey || event.altKey || event.metaKey || event.getModifierState("AltGraph")) return null;
  if (isTyping(event.target) || isOwnEnter(event)) return null;
  return event.key.length === 1 ? event.key.toLowerCase() : event.key;
}

function carrier(root, key) {
  return [...root.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key && !one.closest("[hidden]")) ?? null;
}

/** The element of `root` that a key event presses, or null. */
export function pressedBy(root, event) {
  const key = meant(event);
  return key === null ? null : carrier(root, key);
}

/** Whether a link leads to the record that is on the screen already, looked at in another way. */
export function staysHere(link) {
  return link.origin === location.origin && link.pathname === location.pathname && !new URLSearchParams(link.search).has("edit");
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
  let pressed = null; // What was pressed, while the page is on its way.
  let saves = false; // A was pressed behind an answer that is being taken.
  const press = (element) => {
    pressed = element.tagName === "SUMMARY" ? null : element;
    element.click();
  };
  root.addEventListener("keydown", (event) => {
    if (!on) return;
    // The page is on its way to the next; a second key would meet what is no longer there. Only “take this and save
    // it”, pressed in one go, is about the record that one sees.
    if (pressed) { saves ||= meant(event) === "a" && pressed.search?.includes("take=") && staysHere(pressed); return; }
    const element = pressedBy(root, event);
    if (!element) return;
    event.preventDefault();
    press(element);
  });
  const ready = () => {
    const save = saves ? carrier(root, "a") : null;
    pressed = null;
    saves = false;
    follow();
    if (save) press(save);
  };
  globalThis.addEventListener("pageshow", () => { pressed = null; saves = false; });
  return { ready };
}
