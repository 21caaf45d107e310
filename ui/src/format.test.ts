import { describe, expect, it } from "vitest";
import { counted, dateTime, duration, percent, relative, words } from "./format";

describe("format", () => {
  it.each([
    [0, "0 s"],
    [59.6, "1 min"],
    [65, "1 min 5 s"],
    [3_600, "1 h"],
    [4_000, "1 h 6 min"],
    [90_061, "1 d 1 h"],
    [-5, "0 s"],
  ])("writes %d seconds as %s", (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });

  it.each([
    [0, "never"],
    [1_000, "now"],
    [1_300, "in 5 min"],
    [700, "5 min ago"],
  ])("writes the time %d relative to 1000 as %s", (at, text) => {
    expect(relative(at, 1_000)).toBe(text);
  });

  it.each([
    [1, "100 %"],
    [0.99999, "99.9 %"],
    [0.9876, "98.8 %"],
    [0, "0 %"],
  ])("writes the share %d as %s", (share, text) => {
    expect(percent(share)).toBe(text);
  });

  it("counts", () => {
    expect(counted(1, "job")).toBe("1 job");
    expect(counted(12_345, "job")).toBe("12,345 jobs");
    expect(counted(2, "entry", "entries")).toBe("2 entries");
  });

  it("writes names as words, and no time for never", () => {
    expect(words("name_and_size")).toBe("Name and size");
    expect(dateTime(0)).toBe("");
  });
});
