// The letter of an Alt shortcut, or "". AltGr types characters, and so does a Mac's Option key: then event.key is the
// character and no plain letter. On Windows AltGr also reports Ctrl, which is refused with it.
export function altLetter(event) {
  if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.isComposing) return "";
  if (event.getModifierState("AltGraph")) return "";
  return /^[a-z]$/i.test(event.key) ? event.key.toLowerCase() : "";
}
