// Tags: a search in front of many labels, chips for the chosen ones. The tick boxes and the lines of one's own labels stay
// what the form sends; this only shows and changes them, so that drafts, marks and a form without a script are the same.

const MOST_SHOWN = 30;

// Case, accents and spaces are all one to whoever searches.
export function fold(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/\s+/g, " ").trim();
}

// The places of the labels that fit what was typed: those that begin with it, then those with a word that does, then the
// others. Two labels may be called the same.
export function matching(labels, typed, most = MOST_SHOWN) {
  const wanted = fold(typed);
  const rank = (label) => {
    const text = fold(label);
    if (text.startsWith(wanted)) return 0;
    if (text.includes(` ${wanted}`)) return 1;
    return text.includes(wanted) ? 2 : 3;
  };
  return labels.map((label, place) => ({ place, rank: rank(label) })).filter((one) => one.rank < 3)
    .sort((a, b) => a.rank - b.rank || a.place - b.place).slice(0, most).map((one) => one.place);
}

// One's own labels as lines, without a repetition.
export function withLine(lines, label) {
  const kept = lines.split("\n").map((line) => line.trim()).filter(Boolean);
  return (kept.some((line) => fold(line) === fold(label)) ? kept : [...kept, label]).join("\n");
}

export function withoutLine(lines, label) {
  return lines.split("\n").filter((line) => line.trim() && line.trim() !== label).join("\n");
}

export function start(form, { say = () => {} }) {
  for (const root of form.querySelectorAll("[data-tags]")) if (root.querySelector("[data-tags-find]")) prepare(root, form, say);
}

function prepare(root, form, say) {
  const isMany = "many" in root.dataset;
  const all = root.querySelector("[data-tags-all]");
  const own = root.querySelector("[data-tags-own] textarea");
  const input = root.querySelector("[role=combobox]");
  const list = root.querySelector("[role=listbox]");
  const chips = root.querySelector("[data-tags-chosen]");
  const boxes = all ? [...all.querySelectorAll("input")] : [];
  const nameOf = (box) => box.parentElement.textContent.trim();
  const word = (name, label) => root.dataset[name].replace("{label}", label);
  let active = -1;

  const changed = (element) => element.dispatchEvent(new Event("change", { bubbles: true }));

  function show() {
    const chosen = isMany ? boxes.filter((box) => box.checked).map((box) => ({ label: nameOf(box), box })) : [];
    const lines = (own?.value ?? "").split("\n").map((line) => line.trim()).filter(Boolean);
    chips.replaceChildren(...[...chosen, ...lines.map((label) => ({ label }))].map(chip));
    chips.hidden = !chips.children.length;
  }

  function chip({ label, box }) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "tags__chip";
    button.textContent = label;
    button.setAttribute("aria-label", word("wordRemove", label));
    button.addEventListener("click", () => {
      if (input.disabled) return;
      if (box) box.checked = false;
      else own.value = withoutLine(own.value, label);
      changed(box ?? own);
      say(word("wordRemoved", label));
      input.focus();
    });
    item.append(button);
    return item;
  }

  // What the list offers for what is typed: labels not chosen yet, and last one's own where that is allowed.
  function offers() {
    const typed = input.value.trim();
    const left = boxes.filter((box) => !box.checked);
    const found = (isMany || typed ? matching(left.map(nameOf), typed) : []).map((place) => ({ box: left[place], text: nameOf(left[place]) }));
    if (own && typed && !boxes.some((box) => fold(nameOf(box)) === fold(typed))) found.push({ text: word("wordOwn", typed) });
    return found;
  }

  function open() {
    list.replaceChildren(...offers().map(({ box, text }, place) => {
      const option = document.createElement("li");
      option.className = "tags__option";
      option.id = `${list.id}-${place}`;
      option.setAttribute("role", "option");
      if (box) option.dataset.code = box.value;
      option.textContent = text;
      return option;
    }));
    mark(input.value.trim() && list.children.length ? 0 : -1);
    list.hidden = !list.children.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
  }

  function close() {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function mark(place) {
    active = place;
    [...list.children].forEach((option, number) => option.setAttribute("aria-selected", String(number === place)));
    if (place < 0) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", list.children[place].id);
    list.children[place].scrollIntoView({ block: "nearest" });
  }

  function choose(option) {
    const box = boxes.find((one) => one.value === option.dataset.code);
    const label = box ? nameOf(box) : input.value.trim();
    if (box) box.checked = true;
    else own.value = withLine(own.value, label);
    input.value = "";
    close();
    changed(box ?? own);
    say(word("wordAdded", label));
  }

  const moves = { ArrowDown: 1, ArrowUp: -1 };
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key in moves) {
      event.preventDefault();
      if (list.hidden) open();
      const count = list.children.length;
      if (count) mark((active + moves[event.key] + count + (active < 0 && event.key === "ArrowUp" ? 1 : 0)) % count);
    } else if (event.key === "Enter" && !list.hidden && active >= 0) {
      event.preventDefault();
      event.stopPropagation(); // It chooses, and does not go on to the next field.
      choose(list.children[active]);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  });
  input.addEventListener("input", () => (input.value.trim() ? open() : close()));
  input.addEventListener("blur", close);
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // The caret stays where it is.
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) choose(option);
  });
  // Leaving the search reports a change as well; chips made anew just then would slip from under the pointer.
  root.addEventListener("change", (event) => event.target !== input && show());
  form.addEventListener("filled", show);

  const opener = root.querySelector("[data-tags-show]");
  opener?.addEventListener("click", () => {
    all.hidden = !all.hidden;
    opener.setAttribute("aria-expanded", String(!all.hidden));
  });
  if (isMany) all.hidden = true;
  if (own) own.parentElement.hidden = true;
  root.querySelector("[data-tags-find]").hidden = false;
  show();
}
