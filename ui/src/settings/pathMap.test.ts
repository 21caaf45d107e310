import { describe, expect, it } from "vitest";
import { readPathMap, withPairs, writePathMap } from "./pathMap";

const pair = (source: string, target: string): { source: string; target: string } => ({
  source,
  target,
});

describe("writePathMap", () => {
  it("writes pairs in their order and leaves empty rows out", () => {
    const pairs = [pair("/data ", " /media"), pair("", " "), pair("D:/films", "/films")];
    expect(writePathMap(pairs)).toEqual({
      text: "/data => /media; D:/films => /films",
      errors: {},
    });
  });

  it("names rows that cannot be written by their place", () => {
    const pairs = [pair("/a", "/b"), pair("/c", ""), pair("/d;e", "/f"), pair("/g", "/h => /i")];
    expect(Object.keys(writePathMap(pairs).errors)).toEqual(["1", "2", "3"]);
  });

  it("reads back the same", () => {
    const pairs = [pair("/data", "/media"), pair("\\\\nas\\films", "/films")];
    expect(readPathMap(writePathMap(pairs).text)).toEqual(pairs);
  });
});

describe("readPathMap", () => {
  it("leaves out what is not a pair", () => {
    expect(readPathMap("/a; /b => /c\n=> ; /d => /e => /f")).toEqual([
      pair("/b", "/c"),
      pair("", ""),
    ]);
  });
});

describe("withPairs", () => {
  it("adds what is new and drops empty rows", () => {
    const pairs = [pair("/a", "/b"), pair("", "")];
    expect(withPairs(pairs, [pair("/a", "/b"), pair("/c", "/d")])).toEqual([
      pair("/a", "/b"),
      pair("/c", "/d"),
    ]);
  });
});
