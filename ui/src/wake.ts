// Stash has no start-up hook: a user who opens Stash wakes PlexSync's worker, at most every five
// minutes. It stands first in the script and needs nothing of Stash's page, so that an error
// further down cannot keep the worker asleep.

const KEY = "plexsync.woken";
const PAUSE_MS = 300_000;
const WAKE = 'mutation { runPluginOperation(plugin_id: "PlexSync", args: {mode: "wake"}) }';

function wake(): void {
  const last = Number(window.localStorage.getItem(KEY)) || 0;
  const now = Date.now();
  if (now >= last && now - last < PAUSE_MS) return;
  window.localStorage.setItem(KEY, String(now));
  const base = document.querySelector("base")?.getAttribute("href") ?? "/";
  void fetch(`${base}graphql`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ query: WAKE }),
  }).catch(() => undefined); // the next hook wakes it
}

try {
  wake();
} catch {
  // The browser forbids local storage; the next hook wakes the worker.
}
