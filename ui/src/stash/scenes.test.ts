import { describe, expect, it, vi } from "vitest";

vi.mock("@apollo/client", () => ({ gql: String }));
vi.mock("react", () => ({}));

const { titleOf, titlesQuery } = await import("./scenes");

describe("titleOf", () => {
  it("prefers the title, then the file's name, then the id", () => {
    const files = [{ path: "/data/a/b.mp4" }];
    expect(titleOf({ id: "7", title: "One", files })).toBe("One");
    expect(titleOf({ id: "7", title: " ", files })).toBe("b.mp4");
    expect(titleOf({ id: "7", title: null, files: [{ path: "C:\\x\\c.mp4" }] })).toBe("c.mp4");
    expect(titleOf({ id: "7", title: null, files: [] })).toBe("Scene 7");
  });
});

describe("titlesQuery", () => {
  it("asks for each scene by itself, so that one that is gone is null", () => {
    expect(titlesQuery([1, 20])).toMatch(/s1: findScene\(id: "1"\).*s20: findScene\(id: "20"\)/);
  });
});
