import { describe, expect, it } from "vitest";
import { boundsOf, problemOf, textOf, valueOf } from "./values";

const DAYS = {
  type: "NUMBER" as const,
  lowest: 1,
  highest: 3650,
  is_whole: true,
  unit: "days",
};
const TEXT = { ...DAYS, type: "STRING" as const };

describe("problemOf", () => {
  it.each(["1", "3650", "30", "", " 7 ", "0"])("accepts %j", (text) => {
    expect(problemOf(DAYS, text)).toBe("");
  });

  it.each(["0.5", "3651", "-1", "x", "1e9", "Infinity", "7.5"])("refuses %j", (text) => {
    expect(problemOf(DAYS, text)).not.toBe("");
  });

  it("names the bounds with their unit", () => {
    expect(problemOf(DAYS, "4000")).toContain("From 1 to 3650 days.");
    expect(boundsOf(TEXT)).toBe("");
  });

  it("leaves texts to PlexSync", () => {
    expect(problemOf(TEXT, "whatever")).toBe("");
  });
});

describe("valueOf", () => {
  it("sets an empty number back to its default", () => {
    expect(valueOf(DAYS, " ")).toBeNull();
    expect(valueOf(DAYS, "7")).toBe(7);
    expect(valueOf(TEXT, " a ")).toBe("a");
  });
});

describe("textOf", () => {
  it.each([
    [30, "30"],
    [0, "0"],
    ["", ""],
    ["a", "a"],
  ])("shows %j as %j", (value, text) => {
    expect(textOf(value)).toBe(text);
  });
});
