// How long a record is on the screen, and the hold on it: taken when it comes, renewed while somebody looks at it.
const RENEW_MS = 240_000;

export function startTaking(root) {
  let since = performance.now();
  let held = null; // The form of the record that is in hand already.

  const hold = async () => {
    const form = root.querySelector("[data-hold]");
    if (!form || root.visibilityState === "hidden") return;
    held = form;
    try {
      await fetch(form.getAttribute("action"), { method: "POST", body: new FormData(form), headers: { Accept: "application/json" }, credentials: "same-origin" });
    } catch { /* A hold is a courtesy; the decision itself is guarded. */ }
  };
  setInterval(hold, RENEW_MS);

  return {
    /** Another record is on the screen. The first one of a page was taken in hand by the page itself. */
    begin() {
      since = performance.now();
      const form = root.querySelector("[data-hold]");
      if (held !== null && form !== held) hold(); else held = form;
    },
    seconds: () => ((performance.now() - since) / 1000).toFixed(2),
  };
}
