// A mark round a selection. Pure.

// What stands in a text once a mark goes round its selection: {text, start, end} of what is selected afterwards.
export function wrapped(text, start, end, before, after) {
  const inside = text.slice(start, end);
  const made = text.slice(0, start) + before + inside + after + text.slice(end);
  const from = start + before.length;
  // An abbreviation waits for its full form between the sign and the bracket.
  if (after === "=]" && inside) return { text: made, start: from + inside.length + 1, end: from + inside.length + 1 };
  return { text: made, start: from, end: from + inside.length };
}
