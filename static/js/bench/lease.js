// The lease: renewed by activity, with a warning before it ends, and never the end of what was typed.

const LOOK_MS = 5_000;
const RENEW_EVERY_MS = 60_000;

export function start(root, { send, say, words }) {
  const ending = root.querySelector("[data-lease=ending]");
  const over = root.querySelector("[data-lease=over]");
  const reason = root.querySelector("[data-lease-reason]");
  const text = root.querySelector("[data-lease-text]");
  const warn_ms = root.dataset.warnS * 1000;
  let end = Date.now() + root.dataset.leftS * 1000;
  let isHeld = root.dataset.leftS > 0; // A card that was skipped or ran out before says so already.
  let lastRenewal = Date.now();
  let isActive = false;

  function look() {
    if (!isHeld) return;
    const left = end - Date.now();
    const minutes = Math.ceil(left / 60_000);
    const warning = minutes <= 1 ? words.lease_one : words.lease_many.replace("{minutes}", minutes);
    if (left > 0 && left <= warn_ms && text.textContent !== warning) text.textContent = warning;
    ending.hidden = left <= 0 || left > warn_ms;
    if (left <= 0 && over.hidden) say(words.lease_over);
    over.hidden = left > 0;
    if (isActive && left > warn_ms && Date.now() - lastRenewal > RENEW_EVERY_MS) renew();
  }

  // The server told how long the card is ours from now on.
  function renewed({ left_s: left }) {
    if (!(left > 0)) return;
    end = Date.now() + left * 1000;
    isHeld = true;
    isActive = false;
    lastRenewal = Date.now();
    look();
  }

  async function renew() {
    lastRenewal = Date.now();
    isActive = false;
    const result = await send(root.dataset.renewUrl);
    if (result.ok) renewed(result.data);
    return result;
  }

  async function keepWorking(event) {
    event.preventDefault();
    const result = await renew();
    if (result.ok) {
      say(words.renewed);
      root.querySelector("[data-field] .input:not(:disabled)")?.focus();
    } else if (result.data?.detail) {
      ending.hidden = true;
      over.hidden = false;
      reason.textContent = result.data.detail;
      say(result.data.detail);
    }
  }

  for (const button of root.querySelectorAll("[data-renew]")) button.addEventListener("click", keepWorking);
  for (const name of ["keydown", "pointerdown", "wheel"]) {
    root.addEventListener(name, () => { isActive = true; }, { passive: true });
  }
  setInterval(look, LOOK_MS);
  document.addEventListener("visibilitychange", look);
  look();
  return { renewed };
}
