import React, { useState } from "react";
import { Button, Form } from "react-bootstrap";
import type { GapKind, ReconciliationAnswer, ReconciliationRow } from "../calls";
import { counted, dateTime, duration, relative, words } from "../format";
import { DryRun } from "../parts/DryRun";
import { Facts, Part } from "../parts/Facts";
import { Loaded, Waiting } from "../parts/Notice";
import { Table } from "../parts/PagedTable";
import { RunProgress } from "../parts/RunProgress";
import { useAction } from "../parts/useAction";
import { useSnapshot } from "../state/snapshot";
import { useCall } from "../state/useCall";
import { call } from "../stash/client";

/** Past and next comparisons of Stash with Plex, and a way to start one. */
export function Reconciliation(): React.JSX.Element {
  const { value: snapshot } = useSnapshot();
  const run = snapshot?.run?.kind === "reconcile" ? snapshot.run : null;
  const answer = useCall("reconciliation", {}, `${run?.asked_at ?? ""} ${run?.is_waiting ?? ""}`);
  const now = snapshot?.at ?? Date.now() / 1_000;
  return (
    <>
      <RunProgress run={run} />
      <Loaded of={answer}>
        {(found) => (
          <>
            <div className="plexsync-grid">
              <NextRun answer={found} now={now} />
              <Start isRunning={run !== null} onDone={answer.reload} />
            </div>
            <Runs runs={found.runs} kinds={found.kinds} />
          </>
        )}
      </Loaded>
      <DryRun what="reconcile" />
    </>
  );
}

function NextRun(props: { answer: ReconciliationAnswer; now: number }): React.JSX.Element {
  const { answer, now } = props;
  const [last] = answer.runs;
  return (
    <Part title="Runs by themselves" name="next-run">
      <Facts
        rows={[
          ["Interval", words(answer.interval)],
          ["Next run", relative(answer.next_at, now)],
          ["Last run", last ? relative(last.ended_at, now) : "never"],
          ["Gaps found by it", last ? total(last.gaps) : "none"],
        ]}
      />
    </Part>
  );
}

const SCOPES: [string, string][] = [
  ["all", "All scenes"],
  ["24h", "Changed within 24 hours"],
  ["7days", "Changed within 7 days"],
  ["30 days", "Changed within 30 days"],
];
const LIBRARY = "library ";

function Start(props: { isRunning: boolean; onDone: () => void }): React.JSX.Element {
  const [scope, setScope] = useState("all");
  const [isBusy, act] = useAction();
  const start = async (): Promise<string> => {
    const done = await call("start_reconciliation", { scope });
    props.onDone();
    return done.text || "The reconciliation was asked for.";
  };
  const isLibrary = scope.startsWith(LIBRARY);
  return (
    <Part title="Run now" name="start">
      <p>Compares scenes with Plex by content, and queues what differs.</p>
      <div className="plexsync-bar mb-0">
        <Form.Control
          className="text-input"
          as="select"
          aria-label="Scope"
          value={isLibrary ? LIBRARY : scope}
          onChange={(event) => setScope(event.target.value)}
        >
          {SCOPES.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
          <option value={LIBRARY}>One library of Plex</option>
        </Form.Control>
        {isLibrary && <LibraryChoice scope={scope} onChange={setScope} />}
        <Button
          variant="primary"
          disabled={isBusy || props.isRunning || scope === LIBRARY}
          onClick={() => void act(start)}
        >
          Run
        </Button>
      </div>
    </Part>
  );
}

/** Asks Plex for its libraries, only once the user wants to choose one. */
function LibraryChoice(props: {
  scope: string;
  onChange: (scope: string) => void;
}): React.JSX.Element {
  const libraries = useCall("libraries", {});
  if (!libraries.answer) return libraries.error ? <span>{libraries.error}</span> : <Waiting />;
  const { problem, libraries: rows } = libraries.answer;
  if (problem) return <span>{problem}</span>;
  return (
    <Form.Control
      className="text-input"
      as="select"
      aria-label="Library"
      value={props.scope}
      onChange={(event) => props.onChange(event.target.value)}
    >
      <option value={LIBRARY}>Choose a library</option>
      {rows
        .filter((row) => row.is_chosen)
        .map((row) => (
          <option key={row.id} value={LIBRARY + row.title}>
            {row.title}
          </option>
        ))}
    </Form.Control>
  );
}

const CAUSES: Record<string, string> = {
  interval: "Interval",
  full: "Weekly run over everything",
  start: "Start of the worker",
  task: "Asked for",
};

function Runs(props: { runs: ReconciliationRow[]; kinds: GapKind[] }): React.JSX.Element {
  const meanings = new Map(props.kinds.map((one) => [one.kind, one.meaning]));
  return (
    <>
      <h2>Last runs</h2>
      <Table
        caption="Last runs"
        rows={props.runs}
        keyOf={(row) => String(row.started_at)}
        empty="No run has ended yet."
        columns={[
          { title: "Began", draw: (row) => dateTime(row.started_at) },
          { title: "Cause", draw: (row) => CAUSES[row.cause] ?? words(row.cause) },
          { title: "Scope", draw: (row) => row.scope },
          { title: "Took", draw: (row) => duration(row.ended_at - row.started_at) },
          { title: "Scenes", draw: (row) => row.checked.toLocaleString("en-US"), isNumber: true },
          { title: "Gaps", draw: (row) => <Gaps gaps={row.gaps} meanings={meanings} /> },
          { title: "Queued", draw: (row) => total(row.queued), isNumber: true },
          { title: "End", draw: (row) => row.failed || "complete" },
        ]}
      />
    </>
  );
}

function Gaps(props: {
  gaps: Record<string, number>;
  meanings: ReadonlyMap<string, string>;
}): React.JSX.Element {
  const found = Object.entries(props.gaps).filter(([, count]) => count > 0);
  if (found.length === 0) return <>none</>;
  return (
    <ul className="list-unstyled mb-0">
      {found.map(([kind, count]) => (
        <li key={kind} title={props.meanings.get(kind)}>
          {words(kind)}: {counted(count, "scene")}
        </li>
      ))}
    </ul>
  );
}

function total(counts: Record<string, number>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
