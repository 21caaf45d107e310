import { describe, expect, it } from "vitest";
import type { StoredMap } from "./map";
import { Saver, type SaverEnvironment } from "./saver";

const ROWS = [
  { name: "one", key: "a_one" },
  { name: "two", key: "b_two" },
];

/** Stash's storage; time passes only while a page waits. */
class Stash {
  map: StoredMap = { a_one: "old", other: 1 };
  writes = 0;
  private timers: { at: number; run: () => void }[] = [];
  private nowMs = 0;

  page(delayMs: number): SaverEnvironment {
    return {
      read: () => Promise.resolve({ ...this.map }),
      write: (map) => {
        this.writes++;
        if (delayMs === 0) this.map = map;
        else this.after(delayMs, () => (this.map = map));
        return Promise.resolve();
      },
      wait: (durationMs) => new Promise((done) => this.after(durationMs, done)),
    };
  }

  after(waitMs: number, run: () => void): void {
    this.timers.push({ at: this.nowMs + waitMs, run });
  }

  /** Lets time pass until nothing waits. */
  async settle(): Promise<void> {
    for (let idle = 0; idle < 3;) {
      for (let micro = 0; micro < 50; micro++) await Promise.resolve();
      const next = this.timers.sort((one, other) => one.at - other.at).shift();
      if (!next) {
        idle++;
        continue;
      }
      idle = 0;
      this.nowMs = next.at;
      next.run();
    }
  }
}

describe("Saver", () => {
  it.each([0, 500])("stores two saves that follow quickly, stored after %d ms", async (delay) => {
    const stash = new Stash();
    const saver = new Saver(stash.page(delay));
    const saves = [saver.save(ROWS, { one: "new" }), saver.save(ROWS, { two: true })];
    await stash.settle();
    await Promise.all(saves);
    expect(stash.map).toEqual({ a_one: "new", b_two: true, other: 1 });
    expect(stash.writes).toBe(2);
  });

  it.each([
    [0, 500],
    [500, 0],
    [500, 500],
    [0, 0],
  ])("loses nothing of two pages (%d ms, %d ms)", async (delay, otherDelay) => {
    const stash = new Stash();
    const saves = [
      new Saver(stash.page(delay)).save(ROWS, { one: "new" }),
      new Saver(stash.page(otherDelay)).save(ROWS, { two: true }),
    ];
    await stash.settle();
    await Promise.all(saves);
    expect(stash.map).toEqual({ a_one: "new", b_two: true, other: 1 });
  });

  it("says so where an old map keeps coming back", async () => {
    const stash = new Stash();
    const page = stash.page(0);
    const saver = new Saver({ ...page, write: () => Promise.resolve() });
    const saved = saver.save(ROWS, { one: "new" });
    const failed = expect(saved).rejects.toThrow("old settings");
    await stash.settle();
    await failed;
  });

  it("saves again after a save that failed", async () => {
    const stash = new Stash();
    const page = stash.page(0);
    let isAway = true;
    const read = (): Promise<StoredMap> =>
      isAway ? Promise.reject(new Error("away")) : page.read();
    const saver = new Saver({ ...page, read });
    await expect(saver.save(ROWS, { one: "new" })).rejects.toThrow("away");
    isAway = false;
    const saved = saver.save(ROWS, { two: true });
    await stash.settle();
    await saved;
    expect(stash.map).toEqual({ a_one: "old", b_two: true, other: 1 });
  });
});
