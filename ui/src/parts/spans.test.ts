import { describe, expect, it } from "vitest";
import { series, spans } from "./spans";

describe("spans", () => {
  it("places outages between the first one and now", () => {
    expect(
      spans(
        [
          { start: 500, end: 0 },
          { start: 0, end: 100 },
        ],
        1_000,
      ),
    ).toEqual([
      { x: 0.5, width: 0.5 },
      { x: 0, width: 0.1 },
    ]);
  });

  it("shows a short outage, also one that has just begun", () => {
    const shown = spans(
      [
        { start: 100_000, end: 0 },
        { start: 0, end: 1 },
      ],
      100_000,
    );
    for (const span of shown) {
      expect(span.width).toBeGreaterThan(0);
      expect(span.x + span.width).toBeLessThanOrEqual(1);
    }
  });
});

describe("series", () => {
  it("fills the hours without a job", () => {
    const tallies = [{ at: 7_200, synced: 4, failed: 1 }];
    expect(series(tallies, 3_600, 3, 10_900)).toEqual([
      [3_600, 7_200, 10_800],
      [0, 4, 0],
      [0, 1, 0],
    ]);
  });
});
