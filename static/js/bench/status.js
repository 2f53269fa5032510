// The save state in the header, and what screen readers are told.

export function saveState(page) {
  const signs = [...page.querySelectorAll("[data-save]")];
  const clock = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const time = page.querySelector("[data-save-time]");
  return {
    show(name, at = new Date()) {
      if (name === "saved") time.textContent = clock.format(at);
      for (const sign of signs) sign.hidden = sign.dataset.save !== name;
    },
  };
}

// Says something to screen readers; a moment later, because a region that is filled at once is not read out.
export function announcer(page) {
  const region = page.querySelector("[data-announce]");
  let waiting = [];
  return (text) => {
    waiting.push(text);
    setTimeout(() => {
      if (!waiting.length) return;
      region.textContent = waiting.join(" ");
      waiting = [];
    }, 250);
  };
}
