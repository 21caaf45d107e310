// The state of PlexSync as one light.
import type { Snapshot } from "../calls";

export type Level = "ok" | "busy" | "warning" | "error" | "unknown";

export interface Light {
  level: Level;
  text: string;
}

export const LIGHT_CLASS: Record<Level, string> = {
  ok: "success",
  busy: "info",
  warning: "warning",
  error: "danger",
  unknown: "secondary",
};

/** Statuses of the worker (sync_queue/meta.py) in which it waits for the user or for Stash. */
const STOPPED = new Set(["waiting for its settings", "switched off", "waiting for Stash"]);

/** Returns the worst thing first: what keeps edits from Plex stands before what is only slow. */
export function lightOf(snapshot: Snapshot | null, hasFailed: boolean): Light {
  if (!snapshot) return { level: "unknown", text: hasFailed ? "no answer" : "not asked yet" };
  const { queue, worker, plex } = snapshot;
  const waiting = (queue?.due ?? 0) + (queue?.running ?? 0);
  if (hasFailed) return { level: "unknown", text: "no answer" };
  if (!queue) return { level: "warning", text: "the queue cannot be read" };
  if (plex.state === "open") return { level: "error", text: "Plex cannot be reached" };
  if (!worker.is_running && waiting > 0) {
    return { level: "error", text: "the worker is not running" };
  }
  if (STOPPED.has(worker.status)) return { level: "warning", text: worker.status };
  if (plex.state === "half_open") return { level: "warning", text: "Plex is being tested" };
  if (waiting > 0) return { level: "busy", text: `${waiting} in work` };
  const later = queue.later;
  return { level: "ok", text: later > 0 ? `nothing is due, ${later} waiting` : "all done" };
}
