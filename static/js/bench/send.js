// Posts to the server. Whatever happens, the caller gets {ok, status, data}; status 0 means that nothing came back.

const WAIT_MS = 30_000;

export function makeSender(form) {
  const token = form.elements.csrf_token;

  async function once(url, body, options) {
    const isForm = body instanceof URLSearchParams;
    const headers = { Accept: "application/json", "X-CSRFToken": token.value };
    if (isForm) body.set("csrf_token", token.value);
    else headers["Content-Type"] = "application/json";
    try {
      const response = await fetch(url, {
        method: "POST", headers, body: isForm ? body : JSON.stringify(body ?? {}), credentials: "same-origin",
        signal: AbortSignal.timeout(WAIT_MS), ...options });
      const data = await response.json().catch(() => null);
      // A page of some network's own ("Please sign in to our wifi") is no answer of ours.
      if (response.ok && data === null) return { ok: false, status: 0, data: null };
      return { ok: response.ok, status: response.status, data };
    } catch {
      return { ok: false, status: 0, data: null };
    }
  }

  // A form that was open for long has an old token: the page itself, asked for again, brings a new one.
  async function renewToken() {
    try {
      const page = await (await fetch(location.href, { credentials: "same-origin" })).text();
      const fresh = new DOMParser().parseFromString(page, "text/html").querySelector("input[name=csrf_token]");
      if (!fresh || fresh.value === token.value) return false;
      token.value = fresh.value;
      return true;
    } catch {
      return false;
    }
  }

  return async function send(url, body, options = {}) {
    const result = await once(url, body, options);
    return result.status === 400 && (await renewToken()) ? once(url, body, options) : result;
  };
}

// Why something did not reach us, in plain words.
export function causeOf({ status, data }, words) {
  if (status === 0) return words.cause_network;
  if (status === 400) return words.cause_expired;
  if ([401, 403, 404].includes(status)) return words.cause_stranger;
  if (status === 429) return words.cause_busy;
  if (status >= 500) return words.cause_server;
  return data?.detail ?? words.cause_server;
}
