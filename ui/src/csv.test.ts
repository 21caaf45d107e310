import { describe, expect, it } from "vitest";
import { cell, csv } from "./csv";

describe("csv", () => {
  it.each(["=", "+", "-", "@"])("puts an apostrophe before a text that begins with %s", (first) => {
    expect(cell(`${first}1`)).toBe(`'${first}1`);
  });

  it("leaves numbers as numbers", () => {
    expect(cell(-1)).toBe("-1");
  });

  it("quotes commas, quotes and line breaks", () => {
    expect(cell('a "b", c')).toBe('"a ""b"", c"');
    expect(cell("=a\nb")).toBe('"\'=a\nb"');
  });

  it("ends rows with CR LF", () => {
    expect(
      csv([
        ["a", 1],
        ["", "b"],
      ]),
    ).toBe("a,1\r\n,b\r\n");
  });
});
