import { describe, expect, it } from "vitest";
import { Poller, type PollerEnvironment } from "./poller";

/** A clock that moves on request, and a page that can be hidden. */
class Env implements PollerEnvironment {
  time = 0;
  hidden = false;
  asked: number[] = [];
  private timers = new Set<{ at: number; run: () => void }>();
  private watchers: (() => void)[] = [];

  now = (): number => this.time;
  isHidden = (): boolean => this.hidden;
  onVisibilityChange = (run: () => void): number => this.watchers.push(run);

  after(waitMs: number, run: () => void): () => void {
    const timer = { at: this.time + waitMs, run };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  ask = (): Promise<number> => {
    this.asked.push(this.time);
    return Promise.resolve(this.time);
  };

  async advance(ms: number): Promise<void> {
    const end = this.time + ms;
    for (;;) {
      await settle();
      const next = [...this.timers].sort((a, b) => a.at - b.at)[0];
      if (!next || next.at > end) break;
      this.timers.delete(next);
      this.time = next.at;
      next.run();
    }
    this.time = end;
    await settle();
  }

  setHidden(hidden: boolean): void {
    this.hidden = hidden;
    for (const run of this.watchers) run();
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
}

const nothing = (): void => undefined;

function started(): { env: Env; poller: Poller<number> } {
  const env = new Env();
  return { env, poller: new Poller(env.ask, env) };
}

describe("Poller", () => {
  it("asks nothing while nothing is shown", async () => {
    const { env } = started();
    await env.advance(60_000);
    expect(env.asked).toEqual([]);
  });

  it("asks once for all subscribers, at the shortest interval", async () => {
    const { env, poller } = started();
    poller.subscribe(60_000, nothing);
    poller.subscribe(3_000, nothing);
    await env.advance(9_000);
    expect(env.asked).toEqual([0, 3_000, 6_000, 9_000]);
  });

  it("falls back to the longer interval, and stops", async () => {
    const { env, poller } = started();
    const stopIcon = poller.subscribe(60_000, nothing);
    const stopPage = poller.subscribe(3_000, nothing);
    await env.advance(3_000);
    stopPage();
    await env.advance(60_000);
    stopIcon();
    await env.advance(600_000);
    expect(env.asked).toEqual([0, 3_000, 63_000]);
  });

  it("asks nothing while hidden, and immediately when shown again", async () => {
    const { env, poller } = started();
    poller.subscribe(3_000, nothing);
    await env.advance(1_000);
    env.setHidden(true);
    await env.advance(600_000);
    env.setHidden(false);
    await env.advance(0);
    expect(env.asked).toEqual([0, 601_000]);
  });

  it("does not ask sooner because the page was hidden for a moment", async () => {
    const { env, poller } = started();
    poller.subscribe(3_000, nothing);
    await env.advance(1_000);
    env.setHidden(true);
    env.setHidden(false);
    await env.advance(2_000);
    expect(env.asked).toEqual([0, 3_000]);
  });

  it("keeps the last answer when a request fails, and continues", async () => {
    const env = new Env();
    let isAway = false;
    const poller = new Poller(() => (isAway ? Promise.reject(new Error("away")) : env.ask()), env);
    poller.subscribe(3_000, nothing);
    await env.advance(0);
    isAway = true;
    await env.advance(3_000);
    expect(poller.state).toMatchObject({ value: 0, at: 0, error: new Error("away") });
    isAway = false;
    await env.advance(3_000);
    expect(poller.state).toMatchObject({ value: 6_000, error: null });
  });

  it("asks again after a request in flight when something was changed", async () => {
    const env = new Env();
    const waiting: (() => void)[] = [];
    const poller = new Poller(
      () => new Promise<number>((resolve) => waiting.push(() => resolve(waiting.length))),
      env,
    );
    poller.subscribe(3_000, nothing);
    await env.advance(0);
    poller.refresh();
    expect(waiting).toHaveLength(1);
    waiting[0]?.();
    await env.advance(0);
    expect(waiting).toHaveLength(2);
  });
});
