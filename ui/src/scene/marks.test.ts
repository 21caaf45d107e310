import { describe, expect, it } from "vitest";
import { COLLECT_MS, Marks, type MarksEnvironment } from "./marks";

class Page implements MarksEnvironment {
  asked: number[][] = [];
  failed: number[] = [];
  hidden = false;
  isAway = false;
  private timers: { at: number; run: () => void }[] = [];
  private nowMs = 0;
  private listeners: (() => void)[] = [];

  ask(ids: number[]): ReturnType<MarksEnvironment["ask"]> {
    this.asked.push(ids);
    if (this.isAway) return Promise.reject(new Error("away"));
    return Promise.resolve({
      waiting: [],
      failed: ids.filter((id) => this.failed.includes(id)),
    });
  }

  after(waitMs: number, run: () => void): () => void {
    const timer = { at: this.nowMs + waitMs, run };
    this.timers.push(timer);
    return () => (this.timers = this.timers.filter((one) => one !== timer));
  }

  isHidden(): boolean {
    return this.hidden;
  }

  onVisibilityChange(run: () => void): void {
    this.listeners.push(run);
  }

  setHidden(isHidden: boolean): void {
    this.hidden = isHidden;
    for (const listener of this.listeners) listener();
  }

  async pass(durationMs: number): Promise<void> {
    this.nowMs += durationMs;
    const due = this.timers.filter((timer) => timer.at <= this.nowMs);
    this.timers = this.timers.filter((timer) => timer.at > this.nowMs);
    for (const timer of due) timer.run();
    for (let micro = 0; micro < 50; micro++) await Promise.resolve();
  }
}

const nothing = (): void => undefined;

describe("Marks", () => {
  it("asks together for cards that appear together", async () => {
    const page = new Page();
    page.failed = [2];
    const marks = new Marks(page);
    let changes = 0;
    marks.show(1, () => changes++);
    await page.pass(COLLECT_MS - 1);
    marks.show(2, () => changes++);
    expect(page.asked).toEqual([]);
    await page.pass(1);
    expect(page.asked).toEqual([[1, 2]]);
    expect([marks.of(1), marks.of(2)]).toEqual([null, "failed"]);
    expect(changes).toBe(2);
  });

  it("asks for the whole list when it changes, and not for what is gone", async () => {
    const page = new Page();
    const marks = new Marks(page);
    const take = marks.show(1, nothing);
    marks.show(2, nothing);
    await page.pass(COLLECT_MS);
    take();
    marks.show(3, nothing);
    await page.pass(COLLECT_MS);
    expect(page.asked).toEqual([
      [1, 2],
      [2, 3],
    ]);
  });

  it("never asks by itself", async () => {
    const page = new Page();
    new Marks(page).show(1, nothing);
    await page.pass(COLLECT_MS);
    await page.pass(3_600_000);
    expect(page.asked).toHaveLength(1);
  });

  it("asks again when the tab becomes visible, and not while it is hidden", async () => {
    const page = new Page();
    page.setHidden(true);
    const marks = new Marks(page);
    marks.show(1, nothing);
    await page.pass(COLLECT_MS);
    expect(page.asked).toEqual([]);
    page.setHidden(false);
    await page.pass(COLLECT_MS);
    expect(page.asked).toEqual([[1]]);
  });

  it("asks in calls of at most 1,000", async () => {
    const page = new Page();
    const marks = new Marks(page);
    for (let id = 0; id < 1_001; id++) marks.show(id, nothing);
    await page.pass(COLLECT_MS);
    expect(page.asked.map((ids) => ids.length)).toEqual([1_000, 1]);
  });

  it("keeps a scene that two cards show until both are gone", async () => {
    const page = new Page();
    const marks = new Marks(page);
    const first = marks.show(1, nothing);
    marks.show(1, nothing);
    first();
    marks.show(2, nothing);
    await page.pass(COLLECT_MS);
    expect(page.asked).toEqual([[1, 2]]);
  });

  it("asks nothing when the last card is gone, and survives a failure", async () => {
    const page = new Page();
    page.isAway = true;
    const marks = new Marks(page);
    const take = marks.show(1, nothing);
    await page.pass(COLLECT_MS);
    expect(marks.of(1)).toBeNull();
    take();
    page.setHidden(false);
    await page.pass(COLLECT_MS);
    expect(page.asked).toHaveLength(1);
  });
});
