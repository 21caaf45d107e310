import { describe, expect, it } from "vitest";
import type { SettingRow, TypedRule } from "../calls";
import {
  filledRules,
  isSame,
  libraryHint,
  NEW_RULE,
  readValue,
  shownValue,
  storedErrors,
  typedRules,
  valueChoices,
  withSetting,
} from "./rules";

type Choice = Pick<SettingRow, "name" | "type" | "choices" | "value">;
const STUDIO: Choice = { name: "sync_studio", type: "BOOLEAN", choices: [], value: true };
const TAGS: Choice = { name: "max_tags", type: "NUMBER", choices: [], value: 100 };
const TAGLINE: Choice = {
  name: "tagline_source",
  type: "STRING",
  choices: ["none", "code"],
  value: "none",
};
const rule = (library: string, setting: string, value: TypedRule["value"]): TypedRule => ({
  library,
  setting,
  value,
});

describe("rows", () => {
  const rows = [
    { ...rule("Scenes", "max_tags", 5), error: "" },
    { ...rule("Clips", "plex_url", "x"), error: "This rule cannot be used." },
  ];

  it("come from what is stored", () => {
    expect(typedRules(rows)).toEqual([
      rule("Scenes", "max_tags", 5),
      rule("Clips", "plex_url", "x"),
    ]);
    expect(storedErrors(rows)).toEqual({ "1": "This rule cannot be used." });
  });

  it("are left out where nothing was entered", () => {
    const half = rule("Scenes", "", "");
    expect(filledRules([NEW_RULE, half, { ...NEW_RULE, library: " " }])).toEqual([half]);
  });

  it("are compared by what they say", () => {
    expect(isSame([rule("A ", "max_tags", 5)], [rule("A", "max_tags", "5")])).toBe(true);
    expect(isSame([rule("A", "max_tags", 5)], [rule("A", "max_tags", 6)])).toBe(false);
    expect(isSame([], [rule("A", "max_tags", 5)])).toBe(false);
  });
});

describe("values", () => {
  it("begin with the one that counts everywhere", () => {
    expect(withSetting(rule("A", "", ""), TAGS)).toEqual(rule("A", "max_tags", 100));
  });

  it("of a switch are on and off", () => {
    expect(valueChoices(STUDIO)).toEqual(["on", "off"]);
    expect(shownValue(STUDIO, false)).toBe("off");
    expect(readValue(STUDIO, "on")).toBe(true);
    expect(readValue(STUDIO, "off")).toBe(false);
  });

  it("of a choice are those of its setting", () => {
    expect(valueChoices(TAGLINE)).toEqual(["none", "code"]);
    expect(readValue(TAGLINE, "code")).toBe("code");
  });

  it("of other settings are typed", () => {
    expect(valueChoices(TAGS)).toEqual([]);
    expect(shownValue(TAGS, 5)).toBe("5");
    expect(readValue(TAGS, "many")).toBe("many");
    expect(shownValue(undefined, true)).toBe("true");
  });
});

describe("libraryHint", () => {
  it("names a library that Plex does not have", () => {
    expect(libraryHint(rule("Sceens", "max_tags", 5), ["Scenes"])).toContain("no library");
  });

  it.each([
    [" scenes ", ["Scenes"]],
    ["Scenes", []],
    ["", ["Scenes"]],
  ])("is silent about %j where Plex has %j", (library, titles) => {
    expect(libraryHint(rule(library, "max_tags", 5), titles)).toBe("");
  });
});
