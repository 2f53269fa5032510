// While files of a delivery wait, or records of a batch: looks every two seconds, and writes how far it is into the bar and the sentence.
// The page comes anew once nothing waits any more, with what was refused and what was there already.
const PAUSE_MS = 2000;

export function start(root) {
  if (!Number(root.dataset.waiting)) return;
  const bar = root.querySelector("progress");
  const sentence = root.querySelector("[data-sentence]");
  const show = (found) => {
    bar.value = Math.round(100 * (1 - found.waiting / found.total));
    if (sentence.textContent !== found.sentence) sentence.textContent = found.sentence;
  };
  const look = async () => {
    try {
      // An address of its own: what a browser keeps of it is never shown in place of the page.
      const answer = await fetch(`${location.pathname}?format=json`, { cache: "no-store" });
      if (answer.ok) {
        const found = await answer.json();
        if (!found.waiting) { location.reload(); return; }
        show(found);
      }
    } catch { /* No network: the next round tries again. */ }
    setTimeout(look, PAUSE_MS);
  };
  setTimeout(look, PAUSE_MS);
}

const root = document.querySelector("[data-module='delivery']");
if (root) start(root);
