// Suggests the address of a new project while its title is typed, until somebody writes one of their own.
// The server makes the same one when the field is left empty; see micro/core/addresses.py.
const LONGEST = 60;
const LIGATURES = { œ: "oe", æ: "ae", ß: "ss", ø: "o", ł: "l" };

export function addressFrom(title) {
  const plain = title.toLowerCase().replace(/[œæßøł]/g, (sign) => LIGATURES[sign]);
  const bare = plain.normalize("NFKD").replace(/\p{M}/gu, "");
  return bare.replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, LONGEST).replace(/-$/, "");
}

export function start(root) {
  const address = root.querySelector("[name=slug]");
  const titles = [...root.querySelectorAll("[name^=title_]")];
  const suggested = () => addressFrom(titles.find((title) => title.value.trim())?.value ?? "");
  let own = address.value !== "" && address.value !== suggested();
  address.addEventListener("input", () => { own = address.value !== ""; });
  for (const title of titles) title.addEventListener("input", () => { if (!own) address.value = suggested(); });
}

const root = document.querySelector("[data-module='address']");
if (root) start(root);
