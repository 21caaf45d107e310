/** Runs after a wait, but not while the browser tab is hidden; the returned function cancels it. */
export function afterVisible(waitMs: number, run: () => void): () => void {
  const tryNow = (): void => {
    if (document.hidden) return;
    document.removeEventListener("visibilitychange", tryNow);
    run();
  };
  const timer = window.setTimeout(() => {
    document.addEventListener("visibilitychange", tryNow);
    tryNow();
  }, waitMs);
  return () => {
    window.clearTimeout(timer);
    document.removeEventListener("visibilitychange", tryNow);
  };
}
