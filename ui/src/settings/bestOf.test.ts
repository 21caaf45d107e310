import { describe, expect, it } from "vitest";
import type { SignInAddress, SignInServer } from "../calls";
import { bestOf } from "./bestOf";

const address = (url: string, known: Partial<SignInAddress> = {}): SignInAddress => ({
  url,
  is_local: false,
  is_relay: false,
  is_tls: false,
  is_reachable: true,
  is_owner: true,
  ...known,
});

const server = (id: string, addresses: SignInAddress[], is_owned = true): SignInServer => ({
  id,
  name: id,
  is_owned,
  addresses,
});

describe("bestOf", () => {
  it("takes what answers before what is near", () => {
    const near = address("near", { is_local: true, is_tls: true, is_reachable: false });
    expect(bestOf([server("a", [near, address("far")])])).toEqual({ server: "a", url: "far" });
  });

  it("takes the relay last", () => {
    const relay = address("relay", { is_relay: true, is_tls: true });
    expect(bestOf([server("a", [relay, address("direct")])])?.url).toBe("direct");
  });

  it("takes encryption between equals", () => {
    expect(bestOf([server("a", [address("x"), address("y", { is_tls: true })])])?.url).toBe("y");
  });

  it("never takes a shared server", () => {
    expect(bestOf([server("shared", [address("x")], false)])).toBeNull();
    expect(bestOf([])).toBeNull();
  });
});
