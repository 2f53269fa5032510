// The letter of an Alt shortcut, or "". AltGr types characters, and so does a Mac's Option key: then event.key is the
// character and no plain letter. On Windows AltGr also reports Ctrl, which is refused with it.
export function altLetter(event) {
  if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.isComposing) return "";
  if (event.getModifierState("AltGraph")) return "";
  return /^[a-z]$/i.test(event.key) ? event.key.toLowerCase() : "";
}

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
