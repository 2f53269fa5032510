// The review pages: keys, zoom on the crop, marks that rule out a value, and the next record at once. All an extra.
import { start as startKeys } from "./review/keys.js";
import { start as startZoom } from "./review/zoom.js";
import { start as startMarks } from "./review/marks.js";
import { start as startEntry } from "./bench/entry.js";
import { start as startNext } from "./review/next.js";

/** Brings to life what is on the screen now; again whenever another record has come on it. */
function startPage(root) {
  root.querySelector(".record-field[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  for (const viewer of root.querySelectorAll("[data-viewer]")) startZoom(viewer);
  for (const form of root.querySelectorAll("[data-amend]")) {
    const rests = [];
    startEntry(form, { onAsked: () => rests.forEach((rest) => rest()) });
    for (const field of form.querySelectorAll("[data-field]")) rests.push(startMarks(field));
  }
}

const keys = startKeys(document);
startPage(document);
startNext(document, { begin: () => { keys.ready(); startPage(document); }, ready: keys.ready });
