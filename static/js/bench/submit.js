// Sending: once for all clicks, with the same key until the server has answered, and never at the cost of the text.
import { causeOf } from "./send.js";
import { spoken } from "./spoken.js";

export function start(root, { form, send, drafts, fields, status, say, words }) {
  const button = form.querySelector("[data-submit]");
  const word = form.querySelector("[data-submit-word]");
  const trouble = form.querySelector("[data-trouble]");
  const again = form.querySelector("[data-again]");
  const rescue = form.querySelector("[data-rescue]");
  const resting = word.textContent;
  let isSending = false;

  function busy(isBusy) {
    isSending = isBusy;
    button.setAttribute("aria-disabled", String(isBusy)); // Not disabled: that would throw the focus away.
    word.textContent = isBusy ? words.sending : resting;
  }

  async function submit() {
    if (isSending) return;
    drafts.keepHere();
    trouble.hidden = rescue.hidden = true;
    busy(true);
    say(words.sending);
    const result = await send(form.action, new URLSearchParams(new FormData(form)));
    if (result.ok) {
      drafts.finish();
      // Not busy(false): the page is on its way out, and one more click must not send anything.
      location.assign(result.data.next ?? root.dataset.onward);
      return;
    }
    busy(false);
    if (result.status === 422 && result.data?.fields) refused(result.data.fields);
    else failed(result);
  }

  function refused(problems) {
    const wrong = fields.refuse(problems);
    show(words.wrong, wrong ? "" : Object.values(problems).join(" "), true);
    status.show("unsent");
  }

  function failed(result) {
    show(words.unsent, causeOf(result, words), false);
    status.show("unsent");
    rescue.hidden = ![401, 403, 404].includes(result.status); // Perhaps it can never be sent from here.
    rescue.querySelector("pre").textContent = spoken(form);
    again.focus();
  }

  function show(title, text, isMine) {
    trouble.querySelector("[data-trouble-title]").textContent = title;
    trouble.querySelector("[data-trouble-text]").textContent = text;
    again.hidden = isMine;
    trouble.hidden = false;
  }

  form.addEventListener("submit", (event) => {
    if (event.submitter?.hasAttribute("formaction")) {
      drafts.keepHere(); // Skipping and reporting leave the page.
      return;
    }
    event.preventDefault();
    submit();
  });
  again.addEventListener("click", submit);
  // A page that comes back from the browser's own memory after it was sent would send its old key again.
  window.addEventListener("pageshow", (event) => event.persisted && location.reload());
  return { submit };
}
