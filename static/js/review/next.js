// The next record is fetched while this one is looked at: a decision is sent, and the next one stands there at once.
// Whatever goes wrong here falls back to ordinary pages, or shows what the server said, with all that was typed.
import { staysHere } from "./keys.js";
import { startTaking } from "./taking.js";

const SOON_MS = 50;
const KEPT = "micro.review.said"; // What is to be told on a page that is loaded whole.
let ahead = null; // {address, page}: the record behind this one, as a promise of its page.

async function pageAt(address) {
  const answer = await fetch(address, { headers: { "X-Ahead": "1" }, credentials: "same-origin" });
  if (!answer.ok || answer.redirected) return null;
  return pageFrom(await answer.text());
}

function pageFrom(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  return page.querySelector("main") ? page : null;
}

function loadPictures(page) {
  for (const picture of page?.querySelectorAll("main image[href], main img[src]") ?? []) {
    new Image().src = picture.getAttribute("href") ?? picture.getAttribute("src");
  }
}

function fetchAhead(root) {
  const link = root.querySelector("main a[data-key=j]");
  if (!link) { ahead = null; return; }
  if (ahead?.address === link.href) return;
  const page = pageAt(link.href).catch(() => null);
  ahead = { address: link.href, page };
  page.then(loadPictures);
}

/** Puts another page in the place of this one. */
function show(root, page, address, shown) {
  root.title = page.title;
  root.querySelector("main").replaceWith(root.adoptNode(page.querySelector("main")));
  if (address) history.pushState({}, "", address);
  root.defaultView.scrollTo(0, 0);
  shown();
  (root.querySelector("#refused, [data-title]") ?? root.querySelector("main")).focus({ preventScroll: true });
}

/** The same record in another way: an answer taken, another field, the next places. One stays where one was on it. */
async function showAgain(root, link, shown) {
  const { href, search } = link;
  const key = root.activeElement?.dataset.key;
  const [left, top] = [root.defaultView.scrollX, root.defaultView.scrollY];
  const page = await pageAt(href).catch(() => null);
  if (!page?.querySelector("[data-hold]")) { root.defaultView.location.assign(href); return; }
  for (const typed of root.querySelectorAll("main [data-decide] .input")) {
    const same = page.getElementById(typed.id);
    if (same) { same.value = typed.value; same.closest("details:not([open])")?.toggleAttribute("open", Boolean(typed.value)); }
  }
  show(root, page, href, () => {});
  root.defaultView.scrollTo(left, top);
  const same = [...root.querySelectorAll("main a")].find((one) => (key ? one.dataset.key === key : one.search === search));
  same?.focus({ preventScroll: true });
  shown();
}

/** Where a page has no place of its own for what is told, such as the queue. */
function placeToTell(root) {
  const said = root.createElement("p");
  said.className = "notice notice--good u-below-4";
  said.setAttribute("role", "status");
  said.append(root.createElement("span"), root.createElement("span"), root.createElement("span"));
  root.querySelector("main").prepend(said);
  return said;
}

function tell(root, message, decision) {
  const said = root.querySelector("[data-said]") ?? placeToTell(root);
  if (said && message) { said.querySelector("span").textContent = message; said.hidden = false; }
  const undo = root.querySelector("[data-undo]");
  if (undo && decision) { undo.elements.decision.value = decision; undo.hidden = false; }
}

/** After a decision: the next record, which is here already, or else its page. */
async function goOn(root, answer, on) {
  const { next, message, decision } = await answer.json();
  const address = new URL(next, root.baseURI).href;
  const page = await (ahead?.address === address ? ahead.page : pageAt(address).catch(() => null));
  if (!page) { sessionStorage.setItem(KEPT, JSON.stringify({ message, decision })); root.defaultView.location.assign(address); return; }
  ahead = null;
  show(root, page, address, on.shown);
  tell(root, message, decision);
}

async function send(root, form, button, seconds, on) {
  const body = new FormData(form);
  if (button?.name) body.set(button.name, button.value);
  body.set("took_s", seconds);
  try {
    const answer = await fetch(form.getAttribute("action"), { method: "POST", body, headers: { "X-Swap": "1" }, credentials: "same-origin" });
    if (answer.ok && answer.headers.get("Content-Type")?.includes("json")) { await goOn(root, answer, on); return; }
    const page = [409, 422].includes(answer.status) ? pageFrom(await answer.text()) : null;
    if (!page) throw new Error(String(answer.status));
    ahead = null;
    show(root, page, null, on.shown);
  } catch {
    root.querySelector("[data-trouble]")?.removeAttribute("hidden");
    on.failed();
  }
}

/** `begin()` brings a record to life that came on the screen, `ready()` lets the keys work again after a failure. */
export function start(root, { begin, ready }) {
  const taking = startTaking(root);
  let sending = false;
  const look = () => { taking.begin(); setTimeout(() => fetchAhead(root), SOON_MS); };
  const on = {
    shown: () => { sending = false; begin(); look(); },
    failed: () => { sending = false; ready(); },
  };
  root.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.hasAttribute("data-decide")) return;
    event.preventDefault();
    if (sending) return;
    sending = true;
    send(root, form, event.submitter, taking.seconds(), on);
  });
  root.addEventListener("click", async (event) => {
    const link = event.target instanceof Element ? event.target.closest("main a[href]") : null;
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    if (root.querySelector("[data-hold]") && staysHere(link) && !link.hash) {
      event.preventDefault();
      showAgain(root, link, begin);
      return;
    }
    if (link.dataset.key !== "j" || ahead?.address !== link.href) return;
    event.preventDefault();
    const { address } = ahead;
    const page = await ahead.page;
    if (!page) { root.defaultView.location.assign(address); return; }
    ahead = null;
    show(root, page, address, on.shown);
  });
  root.defaultView.addEventListener("popstate", () => root.defaultView.location.reload());
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  sessionStorage.removeItem(KEPT);
  if (kept) tell(root, kept.message, kept.decision);
  if (root.querySelector("[data-hold]")) look();
}
