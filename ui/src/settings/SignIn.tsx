import React, { useEffect, useRef, useState } from "react";
import { Button } from "react-bootstrap";
import type { SignInAnswer } from "../calls";
import { dateTime } from "../format";
import { Notice } from "../parts/Notice";
import { useAction } from "../parts/useAction";
import { BROWSER } from "../state/browserEnvironment";
import { Poller } from "../state/poller";
import { call } from "../stash/client";
import { sentenceOf } from "../stash/errors";
import { useSettingsState } from "./context";
import { ChooseServer } from "./ChooseServer";
import { isWaiting, resumable, startedSignIn } from "./signInState";

const POLL_INTERVAL_MS = 3_000;

/** Signs in at plex.tv with a code, in a window of its own. */
export function SignIn({ onConnected }: { onConnected: () => void }): React.JSX.Element {
  const { save } = useSettingsState();
  const [isBusy, act] = useAction();
  const [state, setState] = useState<SignInAnswer | null>(resumable);
  const problem = usePolled(state, setState);

  const begin = (): void => {
    // The browser allows a window only inside the click, and the address is not known yet.
    const popup = window.open("about:blank", "_blank");
    void act(async () => {
      try {
        const answer = await call("sign_in_begin", {});
        startedSignIn(answer);
        setState(answer);
        if (popup && answer.url) {
          popup.opener = null; // the page at plex.tv must not move ours
          popup.location.href = answer.url;
        } else {
          popup?.close();
        }
      } catch (error) {
        popup?.close();
        throw error;
      }
      return "";
    });
  };
  const choose = async (server: string, url: string): Promise<void> => {
    const isDone = await act(async () => {
      const chosen = await call("sign_in_choose", { server, url });
      await save({ plex_url: chosen.url }, true);
      return chosen.text;
    });
    if (!isDone) return;
    startedSignIn(null);
    setState(null);
    onConnected();
  };
  return (
    <div data-testid="plexsync-sign-in" data-state={state?.state ?? "none"} className="mb-3">
      <Button variant="primary" disabled={isBusy} onClick={begin}>
        Sign in with Plex
      </Button>
      <div aria-live="polite">
        {isWaiting(state) && <WaitingForUser answer={state} />}
        {problem && <Notice level="warning">{problem}</Notice>}
        {state?.problem && (
          <Notice level={state.state === "choose" ? "warning" : "danger"}>{state.problem}</Notice>
        )}
        {state?.state === "expired" && !state.problem && (
          <Notice level="warning">The code has expired. Sign in again.</Notice>
        )}
        {state?.state === "choose" && (
          <ChooseServer servers={state.servers ?? []} isBusy={isBusy} onChoose={choose} />
        )}
      </div>
    </div>
  );
}

function WaitingForUser({ answer }: { answer: SignInAnswer }): React.JSX.Element {
  return (
    <div className="mt-2">
      <p>
        PlexSync waits until you have signed in at plex.tv, until {dateTime(answer.expires_at ?? 0)}
        . The page there shows the code <strong>{answer.code}</strong>.
      </p>
      <a
        className="btn btn-secondary btn-sm"
        href={answer.url}
        target="_blank"
        rel="noopener noreferrer"
      >
        Open the sign-in page
      </a>{" "}
      if no window has opened.
    </div>
  );
}

/** Asks how far the sign-in is until it has ended; returns why it cannot be asked, "" if it can. */
function usePolled(state: SignInAnswer | null, onAnswer: (answer: SignInAnswer) => void): string {
  const [problem, setProblem] = useState("");
  const newest = useRef(onAnswer);
  newest.current = onAnswer;
  const code = isWaiting(state) ? state.code : undefined;
  const expiresAt = state?.expires_at ?? 0;
  useEffect(() => {
    if (code === undefined) return undefined;
    let leave = (): void => undefined;
    const poller = new Poller(() => call("sign_in_poll", {}), BROWSER);
    const onChange = (): void => {
      const { value, error } = poller.state;
      setProblem(error === null ? (value?.problem ?? "") : sentenceOf(error));
      if (value && !isWaiting(value)) newest.current(value);
      else if (Date.now() / 1_000 > expiresAt) newest.current({ state: "expired" });
      else return;
      leave();
    };
    // The sign-in has only just begun, so the first question can wait as long as the others.
    const timer = window.setTimeout(() => {
      leave = poller.subscribe(POLL_INTERVAL_MS, onChange);
    }, POLL_INTERVAL_MS);
    return () => {
      window.clearTimeout(timer);
      leave();
    };
  }, [code, expiresAt]);
  return code === undefined ? "" : problem;
}
