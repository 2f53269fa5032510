// Marks within a text, read as micro/core/fields/marks.py reads them; the examples of tests/core/marks.json run in both.

const AROUND = { "-": "del", "+": "add", "^": "sup" };
const DEEPEST = 8;
const ELEMENTS = { del: "del", add: "ins", sup: "sup", abbr: "abbr", lang: "i", unclear: "span" };

// The text as plain stretches and marked ones, [name, inside, more].
export function readMarks(text, allowed, depth = 0) {
  const pieces = [];
  let plain = "";
  for (let at = 0; at < text.length;) {
    const end = text[at] === "[" && depth < DEEPEST ? closing(text, at) : -1;
    const found = end > 0 ? marked(text.slice(at + 1, end), allowed, depth) : null;
    if (!found) {
      plain += text[at];
      at += 1;
      continue;
    }
    if (plain) pieces.push(plain);
    pieces.push(found);
    plain = "";
    at = end + 1;
  }
  if (plain) pieces.push(plain);
  return pieces;
}

function closing(text, start) {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === "[") depth += 1;
    if (text[at] === "]") depth -= 1;
    if (depth === 0) return at;
  }
  return -1;
}

function marked(inner, allowed, depth) {
  let [name, inside, more] = ["", inner, ""];
  const first = inner[0];
  const language = /^([a-z]{2,3}):([^]+)$/.exec(inner);
  const parts = inner.split("=");
  if (inner.length > 2 && first === inner.at(-1) && first in AROUND) [name, inside] = [AROUND[first], inner.slice(1, -1)];
  else if (inner.length > 1 && inner.endsWith("?")) [name, inside] = ["unclear", inner.slice(0, -1)];
  else if (language) [name, more, inside] = ["lang", language[1], language[2]];
  else if (parts.length === 2 && parts.every((part) => part.trim())) [name, inside, more] = ["abbr", parts[0], parts[1]];
  if (!allowed.includes(name) || !inside.trim()) return null;
  return [name, readMarks(inside, allowed, depth + 1), more];
}

// The text as nodes of a page, to be looked at.
export function rendered(text, allowed) {
  return nodes(readMarks(text, allowed));
}

function nodes(pieces) {
  return pieces.map((piece) => {
    if (typeof piece === "string") return document.createTextNode(piece);
    const [name, inside, more] = piece;
    const element = document.createElement(ELEMENTS[name]);
    if (name === "unclear") element.className = "unclear";
    if (name === "abbr") element.title = more;
    if (name === "lang") element.lang = more;
    element.append(...nodes(inside));
    return element;
  });
}
