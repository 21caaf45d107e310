/** Runs at most `most` of the given requests at a time; the others wait in the order of asking. */
export function limited(most: number): <T>(ask: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  const next = (): void => {
    if (running >= most) return;
    const start = waiting.shift();
    if (!start) return;
    running++;
    start();
  };
  return (ask) =>
    new Promise((resolve, reject) => {
      waiting.push(() => {
        ask()
          .then(resolve, reject)
          .finally(() => {
            running--;
            next();
          });
      });
      next();
    });
}
