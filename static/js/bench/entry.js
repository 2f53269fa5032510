// All that a form of a project can do beyond plain inputs; the same on the workbench, in a preview and for reviewers.
import { start as startChecks } from "./checks.js";
import { start as startConditions } from "./conditions.js";
import { start as startLines } from "./lines.js";
import { start as startPalette } from "./palette.js";
import { start as startPick } from "./pick.js";
import { start as startRows } from "./rows.js";
import { start as startSuggest } from "./suggest.js";
import { start as startTags } from "./tags.js";

/** Rows come first: what is asked of fields is asked of theirs too. onAsked: fields came or went. */
export function start(form, { say = () => {}, onChange = () => {}, onAsked = () => {}, show, stage } = {}) {
  startTags(form, { say });
  startRows(form, { say, onChange });
  startConditions(form, { onChange: onAsked });
  startSuggest(form);
  const palette = startPalette(form);
  startChecks(form, { usual: palette.signs ?? "" });
  startPick(form, { say });
  startLines(form, { show, stage });
  return { palette };
}
