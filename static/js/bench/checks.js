// What is odd about a value is told beside it when its field is left. It warns and never stops anybody: cards are odd.

const COMMON = /[\p{Script=Latin}\p{M}\p{N}\s.,;:!?'"’‘“”«»()[\]{}/&\-–—…°%+=*#§№_|\\@^~<>·•]/u;

const numberOf = (text) => (/^\s*[-+−]?[\d\s  ]*[.,]?\d+\s*$/.test(text) ? Number(text.replace(/[\s  ]/g, "").replace("−", "-").replace(",", ".")) : NaN);

// Every fourth year has a 29 February, as in the calendar of Julius Caesar; so has a year that the card does not say.
const daysIn = (month, year) => (month === 2 ? (year % 4 ? 28 : 29) : 30 + ((month + (month > 7)) % 2));

// The checks that fail, with the limit to tell: [["least", "10"]]. values: {value, amount, year} as they were typed.
export function oddities(checks, values, usual = "") {
  const found = [];
  const text = values.value ?? "";
  const amount = numberOf(values.amount ?? "");
  const year = /^\d{4}$/.test(values.year ?? "") ? Number(values.year) : NaN;
  if (amount < Number(checks.least ?? NaN)) found.push(["least", checks.least]);
  if (amount > Number(checks.most ?? NaN)) found.push(["most", checks.most]);
  if (year < Number(checks.earliest ?? NaN)) found.push(["earliest", checks.earliest]);
  if (year > Number(checks.latest ?? NaN)) found.push(["latest", checks.latest]);
  const [day, month] = [Number(values.day), Number(values.month)];
  if (month >= 1 && month <= 12 && day <= 31 && day > daysIn(month, year)) found.push(["calendar", String(day)]);
  if (checks.longest !== undefined && [...text].length > Number(checks.longest)) found.push(["longest", checks.longest]);
  if (checks.signs !== undefined) {
    const strange = [...new Set(text)].filter((sign) => !COMMON.test(sign) && !checks.signs.includes(sign) && !usual.includes(sign));
    if (strange.length) found.push(["signs", strange.join(" ")]);
  }
  return found;
}

export function start(form, { usual = "" } = {}) {
  const checked = (element) => element?.closest?.("[data-checks]");

  function look(field) {
    const values = {};
    for (const input of field.querySelectorAll(".input")) {
      if (input.closest("[data-checks]") !== field || input.disabled) continue;
      const part = input.name.split(".").at(-1);
      values[part] = input.tagName === "SELECT" ? "" : input.value;
    }
    const words = JSON.parse(field.dataset.oddWords);
    const found = field.classList.contains("is-wrong") ? [] : oddities(JSON.parse(field.dataset.checks), values, usual);
    tell(field, found.map(([name, limit]) => words[name].replace("{limit}", limit)).join(" "));
  }

  function tell(field, sentence) {
    const place = [...field.querySelectorAll("[data-odd]")].find((one) => one.closest("[data-checks]") === field);
    if (!place) return;
    field.classList.toggle("is-odd", Boolean(sentence));
    place.hidden = !sentence;
    place.querySelector("span").textContent = sentence;
    for (const input of field.querySelectorAll(".input")) {
      const ids = (input.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== place.id);
      if (sentence) ids.push(place.id);
      if (ids.length) input.setAttribute("aria-describedby", ids.join(" "));
      else input.removeAttribute("aria-describedby");
    }
  }

  form.addEventListener("focusout", (event) => {
    const field = checked(event.target);
    if (field && checked(event.relatedTarget) !== field) look(field);
  });
  form.addEventListener("input", (event) => {
    const field = checked(event.target);
    if (field?.classList.contains("is-odd")) tell(field, "");
  });
}
