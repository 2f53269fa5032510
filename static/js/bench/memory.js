// The browser's own memory, which may be full, switched off or emptied at any time: then nothing is remembered.

export function recall(store, key) {
  try {
    return JSON.parse(window[store].getItem(key));
  } catch {
    return null;
  }
}

export function remember(store, key, value) {
  try {
    window[store].setItem(key, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

export function forget(store, key) {
  try {
    window[store].removeItem(key);
  } catch {
    // Nothing was kept, so nothing is left.
  }
}

// Drops what begins with `prefix` and is older than so many days; every such value has {at}.
export function forgetOld(store, prefix, days) {
  const limit = Date.now() - days * 86_400_000;
  let keys = [];
  try {
    keys = Object.keys(window[store]).filter((key) => key.startsWith(prefix));
  } catch {
    return;
  }
  for (const key of keys) if (!(recall(store, key)?.at > limit)) forget(store, key);
}
