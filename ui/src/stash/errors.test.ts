import { describe, expect, it } from "vitest";
import { isStashAway, sentenceOf, STASH_AWAY } from "./errors";

describe("sentenceOf", () => {
  it("shows what PlexSync answered", () => {
    const error = { graphQLErrors: [{ message: "queue: limit: too large." }], networkError: null };
    expect(sentenceOf(error)).toBe("queue: limit: too large.");
  });

  it("says that Stash is away", () => {
    const error = { graphQLErrors: [], networkError: { message: "Failed to fetch" } };
    expect(sentenceOf(error)).toBe(STASH_AWAY);
    expect(isStashAway(error)).toBe(true);
  });

  it("knows a session that has ended from a Stash that is away", () => {
    expect(sentenceOf({ networkError: { statusCode: 401 } })).toContain("sign in again");
  });

  it("does not show how a process ended", () => {
    expect(sentenceOf({ graphQLErrors: [{ message: "exit status 1" }] })).toContain("Stash's log");
  });

  it("is a sentence whatever it is given", () => {
    expect(sentenceOf(new Error("x is undefined"))).toBe("x is undefined.");
    expect(sentenceOf("no")).toBe("no.");
    expect(sentenceOf(null)).toMatch(/\.$/);
    expect(sentenceOf(undefined)).toMatch(/\.$/);
  });
});
