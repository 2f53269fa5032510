// Looks again every two seconds while files of a delivery wait, and shows the page anew when something changed.
const PAUSE_MS = 2000;

export function start(root) {
  let waiting = Number(root.dataset.waiting);
  if (!waiting) return;
  const look = async () => {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "application/json" } });
      if (answer.ok && (await answer.json()).waiting !== waiting) { location.reload(); return; }
    } catch { /* No network: the next round tries again. */ }
    setTimeout(look, PAUSE_MS);
  };
  setTimeout(look, PAUSE_MS);
}

const root = document.querySelector("[data-module='delivery']");
if (root) start(root);
