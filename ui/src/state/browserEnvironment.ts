// Time and visibility as the browser knows them.
import type { PollerEnvironment } from "./poller";

export const BROWSER: PollerEnvironment = {
  now: () => Date.now(),
  after: (waitMs, run) => {
    const timer = window.setTimeout(run, waitMs);
    return () => window.clearTimeout(timer);
  },
  isHidden: () => document.hidden,
  onVisibilityChange: (run) => document.addEventListener("visibilitychange", run),
};
