// Sends thousands of files batch by batch into one delivery, and says how many are there. A batch that fails is sent
// again by one button: the server knows it by its number, so that nothing comes twice. Without this the form sends all
// at once, as any form does.
import { batchesOf, isTooLarge } from "./upload/batches.js";

function send(address, form, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", address);
    request.responseType = "json";
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", (event) => onProgress(event.loaded));
    request.addEventListener("load", () => {
      // A session that ended leads to the page for signing in, which is no JSON.
      if (request.status < 300 && request.response?.page) resolve(request.response);
      else reject(new Error(request.response?.detail ?? ""));
    });
    for (const lost of ["error", "abort", "timeout"]) request.addEventListener(lost, () => reject(new Error("")));
    request.send(form);
  });
}

export function start(form) {
  const input = form.querySelector("input[type=file]");
  const button = form.querySelector("button.button--main");
  const area = form.querySelector("[data-sending-now]");
  const bar = area.querySelector("progress");
  const sent = area.querySelector("[data-sent]");
  const again = area.querySelector("[data-again]");
  const problem = area.querySelector("[data-problem]");
  const large = area.querySelector("[data-large-files]");
  const number = new Intl.NumberFormat(document.documentElement.lang);
  let delivery = null;
  let batches = [];
  let left = [];
  let done = { files: 0, bytes: 0 };
  let total = { files: 0, bytes: 0 };
  let isSending = false;

  const leaving = (event) => { event.preventDefault(); event.returnValue = form.dataset.leave; };
  const say = (element, text) => { if (element.textContent !== text) element.textContent = text; };

  function show(bytesNow) {
    bar.value = total.bytes ? Math.min(100, (100 * (done.bytes + bytesNow)) / total.bytes) : 100;
    say(sent, form.dataset.sending
      .replace("{sent}", number.format(done.files)).replace("{total}", number.format(total.files)));
  }

  function data(files) {
    const made = new FormData();
    made.append("csrf_token", form.querySelector("[name=csrf_token]").value);
    for (const file of files) made.append("files", file, file.name);
    return made;
  }

  async function sendAll() {
    isSending = true;
    again.hidden = problem.hidden = true;
    input.disabled = button.disabled = true;
    window.addEventListener("beforeunload", leaving);
    try {
      delivery ??= await send(form.dataset.open, data([]), () => {});
      while (batches.length) {
        const batch = batches[0];
        const bytes = batch.files.reduce((sum, file) => sum + file.size, 0);
        await send(`${delivery.upload}&batch=${batch.number}`, data(batch.files), (now) => show(Math.min(now, bytes)));
        batches.shift();
        done = { files: done.files + batch.files.length, bytes: done.bytes + bytes };
        show(0);
      }
      window.removeEventListener("beforeunload", leaving);
      finish();
    } catch (error) {
      window.removeEventListener("beforeunload", leaving);
      problem.querySelector("p").textContent = error.message || form.dataset.failed;
      again.hidden = problem.hidden = false;
      input.disabled = false; // Other files may be chosen instead, a mended manifest for one.
      again.focus();
    }
    isSending = false;
  }

  function finish() {
    if (!left.length) { location.assign(delivery.page); return; }
    input.disabled = false;
    const link = area.querySelector("[data-page]");
    link.href = delivery.page;
    link.hidden = false;
    link.focus();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (isSending) return;
    const most = Number(form.dataset.mostBytes);
    const files = [...input.files];
    left = files.filter((file) => isTooLarge(file, most));
    const wanted = files.filter((file) => !isTooLarge(file, most));
    batches = batchesOf(wanted, most);
    total = { files: wanted.length, bytes: wanted.reduce((sum, file) => sum + file.size, 0) };
    done = { files: 0, bytes: 0 };
    delivery = null;
    large.hidden = !left.length;
    large.querySelector("span").textContent =
      form.dataset.large.replace("{names}", left.map((file) => file.name).join(", "));
    area.hidden = false;
    if (!wanted.length) return;
    show(0);
    sendAll();
  });
  again.addEventListener("click", () => { if (!isSending) sendAll(); });
  // Chosen anew after something failed: the old batches are forgotten, the button sends the new files.
  input.addEventListener("change", () => { button.disabled = false; area.hidden = true; });
}

const form = document.querySelector("[data-module='upload']");
if (form) start(form);
