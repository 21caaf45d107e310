import { describe, expect, it } from "vitest";
import { applyChanges, lostChanges, snakeCase, spellingsOf } from "./map";

const URL_ROW = { name: "plex_url", key: "a_plex_url" };
const TAGS_ROW = { name: "max_tags", key: "c_max_tags" };
const ROWS = [URL_ROW, TAGS_ROW];

describe("snakeCase", () => {
  it.each([
    ["plexUrl", "plex_url"],
    ["a_plexUrl", "a_plex_url"],
    [" PlexUrl ", "plex_url"],
    ["a_plex_url", "a_plex_url"],
    ["c_maxTAGS", "c_max_tags"],
  ])("reads %s as the engine does", (key, expected) => {
    expect(snakeCase(key)).toBe(expected);
  });
});

describe("applyChanges", () => {
  it("replaces all spellings by the one that counts", () => {
    const stored = { plexUrl: "old", a_plex_url: "older", plex_url: "", foreign: { a: 1 } };
    expect(applyChanges(stored, ROWS, { plex_url: "http://new:1" })).toEqual({
      a_plex_url: "http://new:1",
      foreign: { a: 1 },
    });
  });

  it("leaves other rows and unknown keys alone", () => {
    const stored = { c_max_tags: 7, tagID_3: "x", b_path_map: "/a => /b" };
    expect(applyChanges(stored, ROWS, { plex_url: "u" })).toEqual({ ...stored, a_plex_url: "u" });
  });

  it("deletes a row that is reset", () => {
    expect(applyChanges({ c_max_tags: 7, maxTags: 8 }, ROWS, { max_tags: null })).toEqual({});
  });

  it("stores false, zero and an empty text as they are", () => {
    expect(applyChanges({}, ROWS, { max_tags: 0, plex_url: "" })).toEqual({
      c_max_tags: 0,
      a_plex_url: "",
    });
  });

  it("does not change the map that it was given", () => {
    const stored = { a_plex_url: "old" };
    applyChanges(stored, ROWS, { plex_url: "new" });
    expect(stored).toEqual({ a_plex_url: "old" });
  });

  it("ignores names of rows that there are not", () => {
    expect(applyChanges({ a: 1 }, ROWS, { other: 2 })).toEqual({ a: 1 });
  });
});

describe("lostChanges", () => {
  const before = { a_plex_url: "old" };

  it("is empty once the change is stored", () => {
    expect(lostChanges(before, { a_plex_url: "new" }, ROWS, { plex_url: "new" })).toEqual([]);
  });

  it("names a change that another page has written over with the old value", () => {
    const now = { a_plex_url: "old", c_max_tags: 3 };
    expect(lostChanges(before, now, ROWS, { plex_url: "new" })).toEqual(["plex_url"]);
  });

  it("accepts what another page has stored since", () => {
    expect(lostChanges(before, { a_plex_url: "third" }, ROWS, { plex_url: "new" })).toEqual([]);
  });

  it("needs nothing where the change is what was stored", () => {
    expect(lostChanges(before, before, ROWS, { plex_url: "old" })).toEqual([]);
  });
});

describe("spellingsOf", () => {
  it("does not take a row for another one whose name ends alike", () => {
    expect(spellingsOf(URL_ROW, { old_plex_url: 1, b_plex_url: 2 })).toEqual([]);
  });
});
