// The polled snapshot, one for everything that PlexSync draws in this browser tab.
import { useEffect, useState } from "react";
import type { Snapshot } from "../calls";
import { call } from "../stash/client";
import { BROWSER } from "./browserEnvironment";
import { Poller, type Polled } from "./poller";

/** While the page of PlexSync is open. */
export const PAGE_INTERVAL_MS = 3_000;
/** The icon in the nav bar stands on every page of Stash, and each poll starts a process there. */
export const ICON_INTERVAL_MS = 60_000;

/** Before the first worker has made the queue, the icon would show a minute-old absence. */
export const NO_QUEUE_INTERVAL_MS = 10_000;

let poller: Poller<Snapshot> | null = null;

function shared(): Poller<Snapshot> {
  poller ??= new Poller(() => call("snapshot", {}), BROWSER);
  return poller;
}

export type SnapshotState = Polled<Snapshot>;

/** Returns the newest snapshot and keeps it at most `intervalMs` old while the page is visible. */
export function useSnapshot(intervalMs = PAGE_INTERVAL_MS): SnapshotState {
  const [state, setState] = useState(shared().state);
  useEffect(() => {
    const update = (): void => setState(shared().state);
    update();
    return shared().subscribe(intervalMs, update);
  }, [intervalMs]);
  return state;
}

/** Asks now: call it after something was changed. */
export function refreshSnapshot(): void {
  shared().refresh();
}

/** Changes whenever the queue has moved: for `useCall`. */
export function queueVersion(snapshot: Snapshot | null): string {
  const queue = snapshot?.queue;
  return queue
    ? [queue.due, queue.later, queue.running, queue.dead_letters, queue.next_due_at].join()
    : "";
}
