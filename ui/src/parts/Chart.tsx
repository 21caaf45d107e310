import React, { useEffect, useRef } from "react";
import uPlot from "uplot";
import type { Tally } from "../calls";
import { counted } from "../format";
import { series, type Series } from "./spans";

const HEIGHT = 180;
const DAY_S = 86_400;

interface Props {
  title: string;
  tallies: readonly Tally[];
  slotS: number;
  count: number;
  now: number;
}

/** Draws synced and failed jobs per hour or day as bars, on the browser's clock. */
export function Chart({ title, tallies, slotS, count, now }: Props): React.JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const data = series(tallies, slotS, count, now);
  const newest = useRef(data);
  newest.current = data;
  const key = JSON.stringify(data);

  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    const chart = new uPlot(optionsOf(element, slotS), stacked(newest.current), element);
    plot.current = chart;
    const observer = new ResizeObserver(() =>
      chart.setSize({ width: element.clientWidth, height: HEIGHT }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
    };
  }, [slotS]);

  useEffect(() => plot.current?.setData(stacked(newest.current)), [key]);

  const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
  const label = `${title}: ${counted(sum(data[1]), "job")} synced, ${sum(data[2])} failed`;
  return (
    <>
      <div ref={place} className="plexsync-chart" role="img" aria-label={label} title={label} />
      <small aria-hidden="true">
        <span className="plexsync-key bg-success" /> synced{" "}
        <span className="plexsync-key bg-danger ml-2" /> failed
      </small>
    </>
  );
}

/** Failed jobs stand on top of synced ones; the taller bars are drawn first. */
function stacked([times, synced, failed]: Series): uPlot.AlignedData {
  return [times, synced.map((value, place) => value + (failed[place] ?? 0)), synced];
}

function optionsOf(element: HTMLElement, slotS: number): uPlot.Options {
  const style = getComputedStyle(element);
  const color = (name: string): string => style.getPropertyValue(`--${name}`).trim() || style.color;
  const bars = uPlot.paths.bars?.({ size: [0.8, 40], align: 1 });
  const drawn = (fill: string): uPlot.Series => ({
    ...(bars ? { paths: bars } : {}),
    fill,
    width: 0,
    points: { show: false },
  });
  const axis: uPlot.Axis = {
    stroke: style.color,
    grid: { stroke: color("secondary"), width: 0.5 },
    ticks: { show: false },
    font: `12px ${style.fontFamily}`,
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      // A bar begins with its hour or day, so the last one needs its room.
      x: { range: (_plot, min, max) => [min, max + slotS] },
      y: { range: (_plot, _min, max) => [0, Math.max(1, max)] },
    },
    axes: [
      { ...axis, values: (_plot, times) => times.map(slotName(slotS)) },
      { ...axis, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 10_000] },
    ],
    series: [{}, drawn(color("danger")), drawn(color("success"))],
  };
}

/** Names the beginning of a bar in the browser's zone and language. */
function slotName(slotS: number): (at: number) => string {
  const options: Intl.DateTimeFormatOptions =
    slotS < DAY_S ? { hour: "2-digit", minute: "2-digit" } : { day: "numeric", month: "short" };
  const format = new Intl.DateTimeFormat(undefined, options);
  return (at) => format.format(at * 1_000);
}
