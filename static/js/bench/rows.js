// Tables: a group of fields that may occur many times. Rows are added and removed; their names count on and are never
// used twice, and the server reads them in the order of their numbers.

const MOST = 200;

// Everything that names row 0 in a copy of it: "finds.value.r0.length" becomes "finds.value.r7.length".
export function renamed(text, number) {
  return text.replaceAll(".r0.", `.r${number}.`).replace(/0(\D*)$/, `${number}$1`);
}

export function start(form, { say = () => {}, onChange = () => {} } = {}) {
  const tables = [...form.querySelectorAll("[data-table]")].map((root) => prepare(root, form, say, onChange));
  if (!tables.length) return;
  // A draft that comes back may have more rows than the page.
  form.addEventListener("filling", (event) => tables.forEach((table) => table.make(event.detail)));
}

function prepare(root, form, say, onChange) {
  const list = root.querySelector("[data-rows]");
  const template = root.querySelector("[data-row-template]");
  const adder = root.querySelector("[data-row-add]");
  const rows = () => [...list.children];
  const numberOf = (row) => Number(row.dataset.row);
  const isEmpty = (row) => [...row.querySelectorAll("input, textarea, select")].every((input) =>
    (input.type === "checkbox" ? !input.checked : input.tagName === "SELECT" || !input.value.trim()))
    && [...row.querySelectorAll("select")].every((select) => !select.value);

  function add(number = Math.max(0, ...rows().map(numberOf)) + 1) {
    const row = template.content.firstElementChild.cloneNode(true);
    for (const element of [row, ...row.querySelectorAll("*")]) {
      for (const { name, value } of [...element.attributes]) {
        if (["id", "for", "name", "data-field", "data-suggest", "aria-describedby", "aria-controls"].includes(name)) {
          element.setAttribute(name, value.replaceAll(".r0.", `.r${number}.`));
        } else if (["aria-label", "data-label"].includes(name)) element.setAttribute(name, renamed(value, number));
      }
    }
    row.dataset.row = String(number);
    for (const text of row.querySelectorAll(".row__head span, [data-row-remove]")) text.textContent = renamed(text.textContent, number);
    row.querySelector("[data-row-remove]").hidden = false;
    list.append(row);
    limit();
    return row;
  }

  const limit = () => { adder.hidden = rows().length >= MOST; };

  function remove(row) {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    if (!rows().length) add();
    limit();
    onChange();
    (next?.querySelector(".input") ?? adder).focus();
  }

  // Spare rows are for pages without a script: one stays.
  for (const row of rows().slice(1).reverse()) {
    if (!isEmpty(row) || row.querySelector(".is-wrong")) break;
    row.remove();
  }
  for (const row of rows()) row.querySelector("[data-row-remove]").hidden = false;
  limit();

  adder.addEventListener("click", () => {
    const row = add();
    form.dispatchEvent(new Event("rows"));
    row.querySelector(".input")?.focus();
    say(row.querySelector(".row__head").textContent.trim());
  });
  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-row-remove]");
    if (button) remove(button.closest("[data-row]"));
  });
  return {
    make(typed) {
      const begin = `${root.dataset.table}.value.r`;
      const wanted = new Set(Object.keys(typed).filter((name) => name.startsWith(begin))
        .map((name) => parseInt(name.slice(begin.length), 10)).filter((number) => number > 0 && number <= MOST));
      const there = new Set(rows().map(numberOf));
      for (const number of [...wanted].sort((a, b) => a - b)) if (!there.has(number)) add(number);
      if (wanted.size) form.dispatchEvent(new Event("rows"));
    },
  };
}
