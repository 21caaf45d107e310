import { describe, expect, it } from "vitest";
import { limited } from "./limit";

describe("limited", () => {
  it("lets so many run at a time, in the order of asking", async () => {
    const finish: (() => void)[] = [];
    const started: number[] = [];
    const limit = limited(2);
    const answers = [0, 1, 2].map((number) =>
      limit(() => {
        started.push(number);
        return new Promise<number>((resolve) => finish.push(() => resolve(number)));
      }),
    );
    expect(started).toEqual([0, 1]);

    finish[1]?.();
    await answers[1];
    await Promise.resolve();

    expect(started).toEqual([0, 1, 2]);
    finish[0]?.();
    finish[2]?.();
    expect(await Promise.all(answers)).toEqual([0, 1, 2]);
  });

  it("continues after a failure", async () => {
    const limit = limited(1);
    await expect(limit(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await limit(() => Promise.resolve(7))).toBe(7);
  });
});
