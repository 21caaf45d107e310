// Which address of a sign-in most likely serves. Pure.
import type { SignInAddress, SignInServer } from "../calls";

export interface Choice {
  server: string;
  url: string;
}

/** Returns the best address of the account's own servers; null where there is none. */
export function bestOf(servers: readonly SignInServer[]): Choice | null {
  let best: (Choice & { rank: number }) | null = null;
  for (const server of servers.filter((one) => one.is_owned)) {
    for (const address of server.addresses) {
      const rank = rankOf(address);
      if (best === null || rank > best.rank) best = { server: server.id, url: address.url, rank };
    }
  }
  return best && { server: best.server, url: best.url };
}

/** What answers comes first, then what is near, then what is not relayed, then what is encrypted. */
function rankOf(address: SignInAddress): number {
  return (
    (address.is_reachable ? 8 : 0) +
    (address.is_local ? 4 : 0) +
    (address.is_relay ? 0 : 2) +
    (address.is_tls ? 1 : 0)
  );
}
