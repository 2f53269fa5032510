// Suggestions while a text is typed: labels of a vocabulary, looked up on the server. They suggest and nothing else:
// whatever is typed stays. Without a script, or without the server, this is a plain text.

const PAUSE_MS = 150;

export function start(form) {
  const started = new WeakMap();
  form.addEventListener("focusin", (event) => {
    const input = event.target;
    if (input.matches?.("[data-suggest]") && !started.has(input)) started.set(input, prepare(input));
  });
  for (const input of form.querySelectorAll("[data-suggest]")) role(input);
}

function role(input) {
  const list = input.parentElement.querySelector("[role=listbox]");
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-expanded", "false");
  return list;
}

function prepare(input) {
  const list = role(input);
  let active = -1;
  let asked = 0;
  let timer;

  function close() {
    list.hidden = true;
    active = -1;
    asked += 1; // What is still on its way comes too late.
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function show(labels) {
    list.replaceChildren(...labels.map((label, place) => {
      const option = document.createElement("li");
      option.className = "tags__option";
      option.id = `${list.id}-${place}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.textContent = label;
      return option;
    }));
    active = -1; // Nothing is chosen before somebody chooses: Enter goes on with what was typed.
    list.hidden = !labels.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    input.removeAttribute("aria-activedescendant");
  }

  async function ask() {
    const number = (asked += 1);
    const typed = input.value.trim();
    if (!typed) return close();
    try {
      const response = await fetch(`${input.dataset.suggest}?q=${encodeURIComponent(typed)}`, { credentials: "same-origin" });
      const { suggestions } = response.ok ? await response.json() : { suggestions: [] };
      if (number === asked && document.activeElement === input) show(suggestions.filter((label) => label !== typed));
    } catch {
      if (number === asked) close();
    }
  }

  function mark(place) {
    active = place;
    [...list.children].forEach((option, number) => option.setAttribute("aria-selected", String(number === place)));
    input.setAttribute("aria-activedescendant", list.children[place].id);
    list.children[place].scrollIntoView({ block: "nearest" });
  }

  function choose(option) {
    input.value = option.textContent;
    close();
    input.dispatchEvent(new Event("change", { bubbles: true }));
    input.focus();
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE_MS);
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && list.hidden) {
      event.preventDefault();
      ask();
    } else if (step) {
      event.preventDefault();
      const count = list.children.length;
      mark((active + step + count + (active < 0 && step < 0 ? 1 : 0)) % count);
    } else if (event.key === "Enter" && active >= 0 && !list.hidden) {
      event.preventDefault();
      event.stopPropagation(); // It chooses, and does not go on to the next field.
      choose(list.children[active]);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  });
  input.addEventListener("blur", () => {
    clearTimeout(timer);
    close();
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) choose(option);
  });
  return true;
}
