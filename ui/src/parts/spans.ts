// Where outages lie on a time line, and counts on a time axis.
import type { OutageRow, Tally } from "../calls";

/** A part of a line that is 1 long. */
export interface Span {
  x: number;
  width: number;
}

/** So that a short outage of months ago can still be seen. */
const MIN_WIDTH = 0.003;

/** Returns one span per outage; the line begins with the oldest one and ends now. */
export function spans(outages: readonly Pick<OutageRow, "start" | "end">[], now: number): Span[] {
  const first = Math.min(...outages.map((outage) => outage.start));
  const length = Math.max(1, now - first);
  return outages.map(({ start, end }) => {
    const until = end > 0 ? Math.min(end, now) : now;
    const width = Math.min(1, Math.max(MIN_WIDTH, (until - start) / length));
    return { x: Math.min(1 - width, Math.max(0, (start - first) / length)), width };
  });
}

/** Three columns for a chart: when each slot began, synced jobs, failed jobs. */
export type Series = [number[], number[], number[]];

/**
 * Returns the newest `count` slots of `slotS` seconds up to now, oldest first; PlexSync leaves out
 * slots without a job, and they count 0 here.
 */
export function series(
  tallies: readonly Tally[],
  slotS: number,
  count: number,
  now: number,
): Series {
  const newest = Math.floor(now / slotS);
  const bySlot = new Map(tallies.map((tally) => [Math.floor(tally.at / slotS), tally]));
  const slots = Array.from({ length: count }, (_, place) => newest - count + 1 + place);
  return [
    slots.map((slot) => slot * slotS),
    slots.map((slot) => bySlot.get(slot)?.synced ?? 0),
    slots.map((slot) => bySlot.get(slot)?.failed ?? 0),
  ];
}
