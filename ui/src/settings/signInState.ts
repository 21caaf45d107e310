// What of a sign-in outlasts a reload of the page: a phone may drop the page meanwhile.
import type { SignInAnswer } from "../calls";

const KEY = "plexsync.sign-in";

/** Returns True while the user can still sign in. */
export function isWaiting(answer: SignInAnswer | null): answer is SignInAnswer {
  return answer?.state === "waiting";
}

/** Remembers a sign-in that has begun, in this browser tab; null forgets it. */
export function startedSignIn(answer: SignInAnswer | null): void {
  try {
    if (answer) window.sessionStorage.setItem(KEY, JSON.stringify(answer));
    else window.sessionStorage.removeItem(KEY);
  } catch {
    // The browser forbids storage; a reload then ends the sign-in.
  }
}

/** Returns the sign-in that this browser tab has begun and that has not expired; null for none. */
export function resumable(): SignInAnswer | null {
  try {
    const stored = window.sessionStorage.getItem(KEY);
    const answer = stored ? (JSON.parse(stored) as SignInAnswer) : null;
    return isWaiting(answer) && (answer.expires_at ?? 0) > Date.now() / 1_000 ? answer : null;
  } catch {
    return null;
  }
}
