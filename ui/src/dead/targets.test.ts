import { describe, expect, it } from "vitest";
import { MAX_SCENES, scenesIn } from "./targets";

describe("scenesIn", () => {
  it("reads scenes and leaves other subjects out", () => {
    expect(scenesIn(["scene:42", "tag:7", "scene:x", "scene:1"])).toEqual([42, 1]);
  });

  it("stays within what one call takes", () => {
    const many = Array.from({ length: 1_200 }, (_, id) => `scene:${id}`);
    expect(scenesIn(many)).toHaveLength(MAX_SCENES);
  });
});
