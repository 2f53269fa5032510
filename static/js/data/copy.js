// Buttons that copy a text: <button data-copy="id of the text" data-done="Copied">. Hidden until this script runs.
const BACK_MS = 2500;

export function start(root) {
  if (!navigator.clipboard) return;
  for (const button of root.querySelectorAll("[data-copy]")) {
    const words = button.querySelector("[role=status]");
    const before = words.textContent;
    button.addEventListener("click", async () => {
      const text = root.getElementById(button.dataset.copy).textContent;
      try {
        await navigator.clipboard.writeText(text);
      } catch {
        selectInstead(root, button.dataset.copy);
        return;
      }
      words.textContent = button.dataset.done;
      setTimeout(() => { words.textContent = before; }, BACK_MS);
    });
    button.parentElement.hidden = false;
  }
}

// The browser refused: mark the text, so that the usual keys copy it.
function selectInstead(root, id) {
  const range = root.createRange();
  range.selectNodeContents(root.getElementById(id));
  const selection = root.getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
}
