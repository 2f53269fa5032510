// Nothing typed is ever lost: kept on this computer at each pause, and on the server within ten seconds.
import { fillIn, nested, same, typedIn } from "./shape.js";
import { forget, forgetOld, recall, remember } from "./memory.js";

const PREFIX = "micro:draft:";
const PAUSE_MS = 400;
const SERVER_PAUSE_MS = 3_000;
const SERVER_LATEST_MS = 8_000;
const AGAIN_MS = 15_000;
const DAYS = 30;

export function start(root, { form, send, status, say, words, onSaved, early = { typed: {}, served: {} } }) {
  const key = PREFIX + root.dataset.assignment;
  let base = root.dataset.draftAt; // what the server had, as far as this page knows
  let kept = { ...typedIn(form), ...early.served }; // what the server has
  let pause, serverPause;
  let changedAt = 0;
  let isSending = false;
  let isOver = false;
  let wasOffline = false;

  function keepHere(isSynced = false) {
    clearTimeout(pause);
    if (!isOver) remember("localStorage", key, { at: Date.now(), typed: typedIn(form), isSynced, base });
  }

  function changed() {
    if (isOver) return;
    clearTimeout(pause);
    pause = setTimeout(keepHere, PAUSE_MS);
    changedAt ||= Date.now();
    plan(Math.max(0, Math.min(SERVER_PAUSE_MS, changedAt + SERVER_LATEST_MS - Date.now())));
  }

  function plan(wait) {
    clearTimeout(serverPause);
    serverPause = setTimeout(keepThere, wait);
  }

  async function keepThere(options = {}) {
    clearTimeout(serverPause);
    const typed = typedIn(form);
    if (isOver || isSending || same(typed, kept)) {
      if (!isSending) changedAt = 0;
      return;
    }
    isSending = true;
    changedAt = 0;
    if (!root.dataset.draftUrl) { // A card that was sent is being corrected: until it is sent again, that stays here.
      isSending = false;
      keepHere();
      status.show("here");
      return;
    }
    if (!wasOffline) status.show("saving");
    const result = await send(root.dataset.draftUrl, { value: nested(typed) }, options);
    isSending = false;
    if (isOver) return;
    if (result.ok) saved(typed, result.data);
    else failed(result);
  }

  function saved(typed, data) {
    kept = typed;
    base = data.saved_at;
    keepHere(same(typed, typedIn(form)));
    status.show("saved");
    if (wasOffline) say(words.online);
    wasOffline = false;
    onSaved(data);
    if (!same(typed, typedIn(form))) plan(SERVER_PAUSE_MS);
  }

  function failed({ status: code }) {
    keepHere();
    status.show(code === 0 ? "offline" : "here");
    if (!wasOffline && code === 0) say(words.offline);
    wasOffline = true;
    // The server said no for good: what is here stays here, and sending will tell why.
    if (code === 0 || code === 400 || code === 429 || code >= 500) plan(AGAIN_MS);
  }

  function putBack() {
    const here = recall("localStorage", key);
    if (!here?.typed || "refused" in root.dataset || same(here.typed, kept)) return false;
    // What the server had is on the page, unless the browser went back to a page of before.
    const isStale = here.base && (!base || Date.parse(here.base) > Date.parse(base));
    if (here.isSynced && !isStale) return false;
    const isNewer = here.base === base || !base || here.at > Date.parse(base);
    if (!isNewer) return false;
    fillIn(form, here.typed);
    say(words.kept_elsewhere);
    changed();
    return true;
  }

  function leaving() {
    if (isOver || document.visibilityState !== "hidden") return;
    keepHere(same(typedIn(form), kept));
    keepThere({ keepalive: true });
  }

  forgetOld("localStorage", PREFIX, DAYS);
  if (base) status.show("saved", new Date(base));
  putBack();
  if (!same(early.typed, early.served)) {
    fillIn(form, { ...typedIn(form), ...early.typed });
    changed();
  }
  form.addEventListener("input", (event) => event.target.name?.includes(".") && changed());
  form.addEventListener("change", (event) => event.target.name?.includes(".") && changed());
  document.addEventListener("visibilitychange", leaving);
  window.addEventListener("pagehide", () => keepHere(same(typedIn(form), kept)));
  window.addEventListener("online", () => plan(0));
  return {
    changed,
    keepHere,
    // Sent and confirmed: only now may the copy on this computer go.
    finish() {
      isOver = true;
      clearTimeout(pause);
      clearTimeout(serverPause);
      forget("localStorage", key);
    },
  };
}
