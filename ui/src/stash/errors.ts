// One clear sentence for whatever a request failed with.

interface ApolloErrorLike {
  graphQLErrors?: readonly { message: string }[];
  networkError?: { message?: string; statusCode?: number } | null;
  message?: string;
}

export const STASH_AWAY =
  "Stash does not answer. PlexSync continues by itself; this page tries again.";
const NOT_SIGNED_IN = "Stash wants you to sign in again. Reload the page.";
const STOPPED = "PlexSync ended without an answer. Look at Stash's log, and try again.";

/** Returns the sentence; it ends with a full stop and is never empty. */
export function sentenceOf(error: unknown): string {
  const known = (typeof error === "object" && error !== null ? error : {}) as ApolloErrorLike;
  const answered = known.graphQLErrors?.[0]?.message;
  if (answered !== undefined) return fromPlugin(answered);
  if (known.networkError) {
    return known.networkError.statusCode === 401 ? NOT_SIGNED_IN : STASH_AWAY;
  }
  return ended(typeof error === "string" ? error : (known.message ?? ""));
}

export function isStashAway(error: unknown): boolean {
  return sentenceOf(error) === STASH_AWAY;
}

function fromPlugin(message: string): string {
  if (message.includes("nil pointer")) {
    return "Stash does not find the plugin PlexSync. Reload the plugins under Settings > Plugins.";
  }
  if (/^(exit status|signal:)/.test(message)) return STOPPED;
  return ended(message);
}

function ended(message: string): string {
  const text = message.trim() || "Something went wrong; there is no message";
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
