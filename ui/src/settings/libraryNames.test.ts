import { describe, expect, it } from "vitest";
import { isLibrary, toggled } from "./libraryNames";

describe("isLibrary", () => {
  it.each([
    ["Films ", "films", true],
    ["Cafe\u0301  Noir", "caf\u00e9 NOIR", true],
    ['"Best Films"', "Best Films", true],
    ['"Best" Films', "Best Films", false],
    ["Films", "Film", false],
  ])("compares %j and %j", (title, name, expected) => {
    expect(isLibrary(title, name)).toBe(expected);
  });
});

describe("toggled", () => {
  it("takes every spelling of a library out", () => {
    expect(toggled(["films", "Other", "FILMS"], "Films")).toEqual(["Other"]);
  });

  it("adds the title and keeps names that Plex does not have", () => {
    expect(toggled(["Gone"], " Films")).toEqual(["Gone", "Films"]);
  });
});
