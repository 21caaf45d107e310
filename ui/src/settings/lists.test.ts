import { describe, expect, it } from "vitest";
import { joinList, splitList } from "./lists";

describe("splitList", () => {
  it.each([
    ['a; "b; c" ; d"e', ";", ["a", "b; c", 'd"e']],
    ['Scenes, "Films, Shorts"', ",", ["Scenes", "Films, Shorts"]],
    ['"", a', ",", ['""', "a"]],
    ['"D:\\films\\"; b', ";\n", ["D:\\films\\", "b"]],
    ["a\nb", ";\n", ["a", "b"]],
    [' , "open', ",", ['"open']],
    ['"a \\" b"', ",", ['a " b']],
    ["", ",", []],
  ])("reads %j as the engine does", (text, separators, expected) => {
    expect(splitList(text, separators)).toEqual(expected);
  });
});

describe("joinList", () => {
  it.each([
    [["Scenes"], "Scenes"],
    [["Scenes", "Films, Shorts"], 'Scenes, "Films, Shorts"'],
    [['"Best" Films'], '"\\"Best\\" Films"'],
    [['a "b, c" d'], '"a \\"b, c\\" d"'],
    [['d"e'], 'd"e'],
    [["", "  "], ""],
  ])("writes %j", (names, expected) => {
    expect(joinList(names, ",")).toBe(expected);
  });

  it("reads back the same, or says that it cannot be written", () => {
    const parts = ["a", '"', ",", "\\", " ", "b;", "\n"];
    const random = randomFrom(7);
    for (let round = 0; round < 3_000; round++) {
      const names = Array.from({ length: 1 + random(3) }, () =>
        Array.from({ length: 1 + random(5) }, () => parts[random(parts.length)])
          .join("")
          .trim(),
      ).filter((name) => name !== "");
      const text = joinList(names, ",");
      if (text !== null) expect(splitList(text, ",")).toEqual(names);
    }
  });
});

function randomFrom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * limit);
  };
}
