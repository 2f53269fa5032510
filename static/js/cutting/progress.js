// While scans are being cut: looks every two seconds and writes how far it is into the bar and the sentence.
// The page comes anew once it is over, with what failed and how it looks.
const PAUSE_MS = 2000;

export function start(root) {
  if (root.dataset.waiting !== "1") return;
  const bar = root.querySelector("progress");
  const sentence = root.querySelector("[data-sentence]");
  const look = async () => {
    try {
      // An address of its own: what a browser keeps of it is never shown in place of the page.
      const answer = await fetch(`${location.pathname}?format=json`, { cache: "no-store" });
      if (answer.ok) {
        const found = await answer.json();
        if (!found.waiting) { location.reload(); return; }
        bar.value = Math.round(100 * found.share);
        if (sentence.textContent !== found.sentence) sentence.textContent = found.sentence;
      }
    } catch { /* No network: the next round tries again. */ }
    setTimeout(look, PAUSE_MS);
  };
  setTimeout(look, PAUSE_MS);
}

const root = document.querySelector("[data-module='cutting-progress']");
if (root) start(root);
