// The review pages: keys, zoom on the crop, and marks that rule out a typed value. All of it is an extra.
import { start as startKeys } from "./review/keys.js";
import { start as startZoom } from "./review/zoom.js";
import { start as startMarks } from "./review/marks.js";
import { start as startEntry } from "./bench/entry.js";

startKeys(document);
document.querySelector(".record-field[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
for (const viewer of document.querySelectorAll("[data-viewer]")) startZoom(viewer);
for (const form of document.querySelectorAll("[data-amend]")) {
  const rests = [];
  startEntry(form, { onAsked: () => rests.forEach((rest) => rest()) });
  for (const field of form.querySelectorAll("[data-field]")) rests.push(startMarks(field));
}
