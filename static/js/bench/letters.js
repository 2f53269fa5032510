// The letter of an Alt shortcut, or "". AltGr types characters: then event.key is the character and no plain letter. On
// Windows AltGr also reports Ctrl, which is refused with it.
//
// A Mac's Option key types characters too, with nearly every letter: in a text it never fires anything unless Control is
// held with it, which types nothing. Elsewhere it does, and as event.key is the character, the key itself says which.
export function altLetter(event, { isMac = false, isTyping = false } = {}) {
  if (!event.altKey || event.metaKey || event.shiftKey || event.isComposing) return "";
  if (isMac) return isTyping && !event.ctrlKey ? "" : plain(event.key) || plain(event.code.replace(/^Key/, ""));
  // Firefox on a Mac calls Option AltGraph as well, so that this comes after it.
  return event.ctrlKey || event.getModifierState("AltGraph") ? "" : plain(event.key);
}

const plain = (key) => (/^[a-z]$/i.test(key) ? key.toLowerCase() : "");

export const isMac = () => /^(mac|iphone|ipad)/i.test(navigator.userAgentData?.platform || navigator.platform);

// {usual letter: chosen letter} with one more choice; whoever had that letter gets the one that became free. What is no
// plain letter changes nothing.
export function withLetter(letters, usual, chosen) {
  const wished = chosen.trim().toLowerCase();
  if (!/^[a-z]$/.test(wished) || !(usual in letters)) return letters;
  const holder = Object.keys(letters).find((one) => letters[one] === wished);
  return { ...letters, ...(holder ? { [holder]: letters[usual] } : {}), [usual]: wished };
}

// What was remembered, as far as it still makes sense: every action has one letter, and no two the same.
export function lettersFrom(remembered, usual) {
  const letters = Object.fromEntries(usual.map((one) => [one, remembered?.[one] ?? one]));
  const all = Object.values(letters);
  const isSound = all.every((one) => /^[a-z]$/.test(one)) && new Set(all).size === all.length;
  return isSound ? letters : Object.fromEntries(usual.map((one) => [one, one]));
}
