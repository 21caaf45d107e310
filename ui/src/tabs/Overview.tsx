import React from "react";
import { Button } from "react-bootstrap";
import { Link } from "react-router-dom";
import type { OverviewAnswer, Problem, Snapshot } from "../calls";
import { counted, dateTime, duration, relative } from "../format";
import { tabAddress } from "../page/address";
import { LIGHT_CLASS, lightOf } from "../page/light";
import { Chart } from "../parts/Chart";
import { Facts, Part } from "../parts/Facts";
import { FirstRunCard } from "../parts/FirstRunCard";
import { Loaded, Waiting } from "../parts/Notice";
import { useAction } from "../parts/useAction";
import { queueVersion, useSnapshot } from "../state/snapshot";
import { useCall } from "../state/useCall";
import { runOperation } from "../stash/client";

const HOUR_S = 3_600;
const DAY_S = 86_400;

/** What PlexSync does now, what it did, and what needs the user. */
export function Overview(): React.JSX.Element {
  const { value: snapshot, error } = useSnapshot();
  const version = snapshot ? `${queueVersion(snapshot)} ${snapshot.plex.state}` : "";
  const overview = useCall("overview", {}, version);
  if (!snapshot) return error ? <></> : <Waiting />;
  const light = lightOf(snapshot, error !== null);
  return (
    <>
      <p className="lead" data-testid="plexsync-state" data-state={light.level}>
        <span className={`plexsync-light bg-${LIGHT_CLASS[light.level]}`} aria-hidden="true" />
        {light.text.charAt(0).toUpperCase() + light.text.slice(1)}
      </p>
      <FirstRunCard run={overview.answer?.first_run ?? null} onChange={overview.reload} />
      <div className="plexsync-grid">
        <PlexCard snapshot={snapshot} overview={overview.answer} />
        <WorkerCard snapshot={snapshot} />
        <QueueCard snapshot={snapshot} overview={overview.answer} />
      </div>
      <Loaded of={overview}>
        {(answer) => (
          <>
            <Problems problems={answer.problems} />
            <Charts overview={answer} now={snapshot.at} />
          </>
        )}
      </Loaded>
    </>
  );
}

const BREAKER_TEXT = {
  closed: "reachable",
  open: "cannot be reached",
  half_open: "is being tested",
} as const;

/** The worker's status while a required setting is missing. */
const UNCONFIGURED = "waiting for its settings";

interface Shown {
  snapshot: Snapshot;
  overview: OverviewAnswer | null;
}

function PlexCard({ snapshot, overview }: Shown): React.JSX.Element {
  const { plex, at } = snapshot;
  // A breaker that never saw a request is closed, too.
  if (snapshot.worker.status === UNCONFIGURED) {
    return (
      <Part title="Plex" name="plex">
        <Facts rows={[["State", "not connected"]]} />
      </Part>
    );
  }
  const rows: [string, React.ReactNode][] = [["State", BREAKER_TEXT[plex.state]]];
  if (plex.state === "closed") {
    const since = overview?.reachable_since ?? 0;
    if (since > 0) rows.push(["Reachable for", duration(at - since)]);
    if (plex.is_slow_start) {
      const end = overview?.slow_start_until ?? 0;
      rows.push(["Slow start", end > at ? `ends ${relative(end, at)}` : "yes"]);
    }
  } else {
    rows.push(["Since", relative(plex.since, at)]);
    if (plex.reason) rows.push(["Reason", plex.reason]);
    if (plex.next_probe_at > 0) rows.push(["Next test", relative(plex.next_probe_at, at)]);
  }
  return (
    <Part title="Plex" name="plex">
      <Facts rows={rows} />
    </Part>
  );
}

function WorkerCard({ snapshot }: { snapshot: Snapshot }): React.JSX.Element {
  const { worker, at } = snapshot;
  const [isBusy, act] = useAction();
  const wake = async (): Promise<string> => {
    await runOperation({ mode: "wake" });
    return "PlexSync's worker was started.";
  };
  const rows: [string, React.ReactNode][] = [
    ["State", worker.is_running ? "running" : "not running"],
  ];
  if (worker.is_running) {
    rows.push(["Status", worker.detail ? `${worker.status}: ${worker.detail}` : worker.status]);
    rows.push(["Started", relative(worker.started_at, at)]);
  }
  if (worker.version) rows.push(["Version", worker.version]);
  return (
    <Part title="Worker" name="worker">
      <Facts rows={rows} />
      {!worker.is_running && (
        <>
          <p className="mt-2 mb-2">
            Edits stay in the queue until it runs; the next edit starts it.
          </p>
          <Button size="sm" variant="primary" disabled={isBusy} onClick={() => void act(wake)}>
            Start the worker
          </Button>
        </>
      )}
    </Part>
  );
}

function QueueCard({ snapshot, overview }: Shown): React.JSX.Element {
  const { queue, at } = snapshot;
  const rows: [string, React.ReactNode][] = queue
    ? [
        ["In progress", counted(queue.running, "job")],
        ["Due", counted(queue.due, "job")],
        ["Later", counted(queue.later, "job")],
        ["Failed for good", counted(queue.dead_letters, "dead letter")],
      ]
    : [["State", "cannot be read"]];
  if (queue && queue.next_due_at > at) rows.push(["Next", relative(queue.next_due_at, at)]);
  const backlog = overview?.backlog_s;
  if (backlog) rows.push(["Time left", `about ${duration(backlog)}`]);
  if (overview) {
    rows.push(["Synced today", counted(overview.today.synced, "job")]);
    rows.push(["Failed today", counted(overview.today.failed, "job")]);
  }
  return (
    <Part title="Queue" name="queue">
      <Facts rows={rows} />
    </Part>
  );
}

function Problems({ problems }: { problems: Problem[] }): React.JSX.Element {
  return (
    <section aria-label="Problems" data-testid="plexsync-problems">
      <h2>Problems</h2>
      {problems.length === 0 && <p className="text-muted">None that is known.</p>}
      {problems.map((problem) => (
        <div
          key={`${problem.at} ${problem.text}`}
          className={`alert alert-${problem.level === "error" ? "danger" : "warning"}`}
        >
          <div>
            {problem.text} {problem.at > 0 && <small>({dateTime(problem.at)})</small>}
          </div>
          {problem.action && <div>{problem.action}</div>}
          {problem.tab && (
            <Link className="alert-link" to={tabAddress(problem.tab)}>
              Show
            </Link>
          )}
        </div>
      ))}
    </section>
  );
}

function Charts({ overview, now }: { overview: OverviewAnswer; now: number }): React.JSX.Element {
  return (
    <div className="plexsync-grid" data-testid="plexsync-charts">
      <Part title="Last 24 hours" name="hours">
        <Chart title="Last 24 hours" tallies={overview.hours} slotS={HOUR_S} count={24} now={now} />
      </Part>
      <Part title="Last 30 days" name="days">
        <Chart title="Last 30 days" tallies={overview.days} slotS={DAY_S} count={30} now={now} />
      </Part>
    </div>
  );
}
