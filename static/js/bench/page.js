// The workbench: starts its parts and introduces them to each other.
import { start as startCopying } from "../data/copy.js";
import { start as startGuide } from "../practice/guide.js";
import { start as startDivider } from "./divider.js";
import { start as startDrafts } from "./drafts.js";
import { start as startEntry } from "./entry.js";
import { start as startFields } from "./fields.js";
import { start as startGestures } from "./gestures.js";
import { start as startKeys } from "./keys.js";
import { start as startLease } from "./lease.js";
import { makeSender } from "./send.js";
import { announcer, saveState } from "./status.js";
import { typedEarly } from "./shape.js";
import { start as startSubmit } from "./submit.js";
import { start as startTools } from "./tools.js";
import { start as startViewer } from "./viewer.js";

/** The viewer with its tools; a picture that is kept elsewhere has none, only a link to it. */
function startPicture(root) {
  const place = root.querySelector("[data-viewer]");
  if (!place) return { reveal() {}, light() {}, focus: () => root.querySelector(".elsewhere a")?.focus() };
  const viewer = startViewer(place);
  startGestures(viewer);
  startTools(place, viewer);
  return viewer;
}

export function start(root) {
  const words = JSON.parse(document.getElementById("bench-words").textContent);
  const form = root.querySelector("[data-entry]");
  const early = typedEarly(form);
  const help = document.querySelector("[data-help]");
  const say = announcer(document);
  const status = saveState(document);
  const send = makeSender(form);
  const viewer = startPicture(root);
  startDivider(root, () => {});
  startGuide(document);
  startCopying(document);
  const lease = startLease(root, { send, say, words });
  let drafts = null;
  let fields = null;
  const { palette } = startEntry(form, {
    say,
    onChange: () => drafts.changed(),
    onAsked: () => fields?.applyAll(),
    show: (box) => viewer.show?.(box),
    stage: () => root.querySelector("[data-stage]")?.getBoundingClientRect(),
  });
  fields = startFields(form, {
    say, words,
    onField(field, isFirst) {
      viewer.light(field.dataset.box);
      if (!isFirst && field.dataset.box) viewer.reveal(field.dataset.box);
    },
    onChange: () => drafts.changed(),
  });
  drafts = startDrafts(root, { form, send, status, say, words, onSaved: lease.renewed, early });
  fields.applyAll();
  const { submit } = startSubmit(root, { form, send, drafts, fields, status, say, words });
  startKeys(root, { help, actions: {
    submit,
    help: () => help.showModal(),
    "alt+s": () => form.querySelector("[data-skip]")?.click(),
    "alt+i": viewer.focus,
    "alt+t": fields.focusCurrent,
    "alt+u": () => palette.mark("unclear") || fields.toggle("unsure"),
    "alt+b": () => fields.toggle("blank"),
    "alt+l": () => fields.toggle("illegible"),
  } });
  // What happened to the last card, and where this one stands; then the first field has the caret.
  say([...form.querySelectorAll("[data-said]")].map((line) => line.textContent.trim()).concat(words.page).join(" "));
  if ("refused" in root.dataset) form.querySelector(".is-wrong .input, .is-wrong input")?.focus();
  // On a narrow screen the offer to practise would be scrolled away by it.
  else fields.focusFirst({ preventScroll: form.querySelector("[data-first-visit]") !== null });
}

start(document.querySelector("[data-bench]"));
