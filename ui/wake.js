// Stash has no start-up hook: a user who opens Stash wakes PlexSync's worker, at most every five minutes.
(function () {
  "use strict";
  var KEY = "plexsync.woken", last = Number(window.localStorage.getItem(KEY)) || 0, now = Date.now();
  if (now >= last && now - last < 300000) return;
  window.localStorage.setItem(KEY, String(now));
  var base = document.querySelector("base");
  var query = 'mutation { runPluginOperation(plugin_id: "PlexSync", args: {mode: "wake"}) }';
  fetch((base ? base.getAttribute("href") : "/") + "graphql", {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ query: query })
  }).catch(function () { /* the next hook wakes it */ });
})();
