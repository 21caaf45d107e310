import { describe, expect, it } from "vitest";
import type { Snapshot } from "../calls";
import { lightOf } from "./light";

const CALM: Snapshot = {
  version: "1",
  at: 1,
  queue: { due: 0, later: 3, running: 0, dead_letters: 0, next_due_at: 9 },
  worker: { is_running: true, version: "1", status: "idle", detail: "", started_at: 1 },
  plex: { state: "closed", since: 1, reason: "", next_probe_at: 0, is_slow_start: false },
  run: null,
};
const DUE = { due: 2, later: 0, running: 1, dead_letters: 0, next_due_at: 1 };

describe("lightOf", () => {
  it("is fine when nothing is due", () => {
    expect(lightOf(CALM, false).level).toBe("ok");
    expect(lightOf({ ...CALM, worker: { ...CALM.worker, is_running: false } }, false).level).toBe(
      "ok",
    );
  });

  it("is busy while jobs are due", () => {
    expect(lightOf({ ...CALM, queue: DUE }, false)).toEqual({ level: "busy", text: "3 in work" });
  });

  it("is an error when jobs are due and no worker runs", () => {
    const snapshot = { ...CALM, queue: DUE, worker: { ...CALM.worker, is_running: false } };
    expect(lightOf(snapshot, false).level).toBe("error");
  });

  it("names an outage before everything else", () => {
    const snapshot = { ...CALM, queue: DUE, plex: { ...CALM.plex, state: "open" as const } };
    expect(lightOf(snapshot, false).text).toBe("Plex cannot be reached");
  });

  it("is unknown without an answer", () => {
    expect(lightOf(null, false).level).toBe("unknown");
    expect(lightOf(CALM, true).level).toBe("unknown");
  });
});
