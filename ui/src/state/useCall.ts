// Asks PlexSync for what one part of the page shows.
import { useCallback, useEffect, useRef, useState } from "react";
import { call, type Answers, type CallName, type Takes } from "../stash/client";
import { sentenceOf } from "../stash/errors";
import { afterVisible } from "./visible";

// A call loads the packages of the plugin, so that it costs Stash's machine up to a second.
const MIN_PAUSE_MS = 5_000;

export interface Called<T> {
  answer: T | null;
  /** A sentence for the user, "" while all is well. */
  error: string;
  isLoading: boolean;
  reload: () => void;
}

/**
 * Asks when shown, when the arguments change, on `reload`, and when `version` changes: then not
 * sooner than five seconds after the last time. The last answer stays while the next one is awaited.
 */
export function useCall<K extends CallName>(
  name: K,
  args: Takes<K>,
  version: unknown = "",
): Called<Answers<K>> {
  const [state, setState] = useState<{ answer: Answers<K> | null; error: string }>({
    answer: null,
    error: "",
  });
  const [isLoading, setIsLoading] = useState(true);
  const newest = useRef(0);
  const askedAt = useRef(0);
  const key = JSON.stringify(args);

  const reload = useCallback(() => {
    const number = ++newest.current;
    askedAt.current = Date.now();
    setIsLoading(true);
    call(name, JSON.parse(key) as Takes<K>).then(
      (answer) => {
        if (number !== newest.current) return;
        setState({ answer, error: "" });
        setIsLoading(false);
      },
      (error: unknown) => {
        if (number !== newest.current) return;
        setState((before) => ({ ...before, error: sentenceOf(error) }));
        setIsLoading(false);
      },
    );
  }, [name, key]);

  useEffect(() => {
    const asked = newest;
    reload();
    return () => {
      asked.current++; // an answer that comes later is not shown
    };
  }, [reload]);

  const shown = useRef(version);
  useEffect(() => {
    if (shown.current === version) return undefined;
    shown.current = version;
    const waitMs = Math.max(0, askedAt.current + MIN_PAUSE_MS - Date.now());
    return afterVisible(waitMs, reload);
  }, [version, reload]);

  return { ...state, isLoading, reload };
}
