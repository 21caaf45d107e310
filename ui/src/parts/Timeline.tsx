import React from "react";
import type { OutageRow } from "../calls";
import { dateTime } from "../format";
import { spans } from "./spans";

const HEIGHT = 24;

/** Draws outages on a line from the first of them to now; the table beside it holds the numbers. */
export function Timeline(props: { outages: OutageRow[]; now: number }): React.JSX.Element {
  const { outages, now } = props;
  const first = Math.min(...outages.map((outage) => outage.start));
  return (
    <figure className="plexsync-timeline" aria-hidden="true">
      <svg viewBox={`0 0 1000 ${HEIGHT}`} preserveAspectRatio="none">
        <rect className="plexsync-up" width="1000" height={HEIGHT} />
        {spans(outages, now).map((span) => (
          <rect
            key={span.x}
            className="plexsync-down"
            x={span.x * 1000}
            width={span.width * 1000}
            height={HEIGHT}
          />
        ))}
      </svg>
      <figcaption className="d-flex justify-content-between">
        <small>{dateTime(first)}</small>
        <small>now</small>
      </figcaption>
    </figure>
  );
}
