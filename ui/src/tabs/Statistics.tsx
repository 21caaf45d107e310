import React from "react";
import { Button } from "react-bootstrap";
import type { StatisticsAnswer, StepTime } from "../calls";
import { counted, dateTime, words } from "../format";
import { useConfirm } from "../parts/Confirm";
import { Facts, Part } from "../parts/Facts";
import { Loaded } from "../parts/Notice";
import { Table } from "../parts/PagedTable";
import { useCall } from "../state/useCall";
import { call } from "../stash/client";

/** What was counted since the last reset. */
export function Statistics(): React.JSX.Element {
  const statistics = useCall("statistics", {});
  const ask = useConfirm();
  const reset = async (answer: StatisticsAnswer): Promise<void> => {
    const attempts = Object.values(answer.outcomes).reduce((sum, count) => sum + count, 0);
    const isDone = await ask({
      title: "Reset statistics",
      describe: (count) =>
        `The counters of ${counted(count, "attempt")} will be deleted, and the charts of the ` +
        "overview with them.",
      button: "Reset",
      nothing: "Nothing was counted yet.",
      run: async (confirm) => {
        if (confirm === null) return { count: attempts, is_done: false };
        const done = await call("reset_statistics", {});
        return { count: confirm, is_done: true, text: done.text || "The counters begin again." };
      },
    });
    if (isDone) statistics.reload();
  };
  return (
    <section aria-label="Statistics" data-testid="plexsync-statistics">
      <h2>Statistics</h2>
      <Loaded of={statistics}>
        {(answer) => (
          <>
            <div className="plexsync-bar">
              <span>Counted since {dateTime(answer.since) || "the start"}.</span>
              <Button size="sm" variant="secondary" onClick={statistics.reload}>
                Refresh
              </Button>
              <Button size="sm" variant="danger" onClick={() => void reset(answer)}>
                Reset
              </Button>
            </div>
            <Numbers answer={answer} />
          </>
        )}
      </Loaded>
    </section>
  );
}

function Numbers({ answer }: { answer: StatisticsAnswer }): React.JSX.Element {
  return (
    <div className="plexsync-grid">
      <Counts
        title="Results of attempts"
        name="outcomes"
        counts={answer.outcomes}
        names={OUTCOMES}
      />
      <Counts title="Errors" name="errors" counts={answer.errors} />
      <Counts title="Fields written" name="fields" counts={answer.fields} />
      <Part title="Confidence of matches" name="confidence">
        <Histogram counts={answer.confidence} />
      </Part>
      <Counts title="Requests per job" name="requests" counts={answer.requests_per_job} />
      <Part title="Time per step" name="steps" isWide>
        <Steps steps={answer.steps} />
      </Part>
    </div>
  );
}

/** What the stored names of core/outcome.py mean. */
const OUTCOMES: Record<string, string> = {
  done: "Synced",
  wait: "Tried again later",
  release: "Tried again immediately",
  bury: "Failed for good",
};

function Counts(props: {
  title: string;
  name: string;
  counts: Record<string, number>;
  names?: Record<string, string>;
}): React.JSX.Element {
  const rows = Object.entries(props.counts);
  return (
    <Part title={props.title} name={props.name}>
      {rows.length === 0 ? (
        <p className="text-muted mb-0">none</p>
      ) : (
        <Facts
          rows={rows.map(([name, count]) => [props.names?.[name] ?? words(name), shown(count)])}
        />
      )}
    </Part>
  );
}

function shown(count: number): string {
  return count.toLocaleString("en-US", { maximumFractionDigits: 2 });
}

/** Draws counts as bars; the text beside each bar holds the number. */
function Histogram({ counts }: { counts: Record<string, number> }): React.JSX.Element {
  const rows = Object.entries(counts);
  const most = Math.max(1, ...rows.map(([, count]) => count));
  if (rows.length === 0) return <p className="text-muted mb-0">none</p>;
  return (
    <ul className="list-unstyled mb-0">
      {rows.map(([range, count]) => (
        <li key={range} className="plexsync-histogram">
          <span>{range}</span>
          <span className="plexsync-histogram-bar">
            <span className="bg-info" style={{ width: `${(100 * count) / most}%` }} />
          </span>
          <span>{counted(count, "match", "matches")}</span>
        </li>
      ))}
    </ul>
  );
}

function Steps({ steps }: { steps: StepTime[] }): React.JSX.Element {
  return (
    <Table
      caption="Time per step in seconds"
      rows={steps}
      keyOf={(row) => row.step}
      empty="No step was measured yet."
      columns={[
        { title: "Step", draw: (row) => words(row.step) },
        { title: "Count", draw: (row) => shown(row.count), isNumber: true },
        { title: "Average", draw: (row) => seconds(row.average), isNumber: true },
        { title: "Median", draw: (row) => seconds(row.p50), isNumber: true },
        { title: "95 % below", draw: (row) => seconds(row.p95), isNumber: true },
      ]}
    />
  );
}

function seconds(value: number): string {
  return value < 1 ? `${Math.round(value * 1_000)} ms` : `${value.toFixed(1)} s`;
}
