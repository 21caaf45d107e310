import React from "react";
import { Button } from "react-bootstrap";
import type { OutageRow, OutagesAnswer, Recover } from "../calls";
import { counted, dateTime, duration, percent, relative } from "../format";
import { useConfirm } from "../parts/Confirm";
import { Facts, Part } from "../parts/Facts";
import { Loaded } from "../parts/Notice";
import { Table } from "../parts/PagedTable";
import { Timeline } from "../parts/Timeline";
import { useSnapshot } from "../state/snapshot";
import { useCall } from "../state/useCall";
import { call } from "../stash/client";

const CLASSES: Record<Recover["errors"], string> = {
  down: "Plex was unavailable",
  temporary: "a temporary error of Plex during an outage",
};

/** When Plex was away, how often, and what can be put back. */
export function Outages(): React.JSX.Element {
  const { value: snapshot } = useSnapshot();
  const plex = snapshot?.plex;
  const version = `${plex?.state ?? ""} ${plex?.since ?? ""} ${snapshot?.queue?.dead_letters ?? ""}`;
  const outages = useCall("outages", {}, version);
  const now = snapshot?.at ?? Date.now() / 1_000;
  return (
    <>
      {plex && plex.state !== "closed" && (
        <p className="lead" role="status" data-testid="plexsync-outage-now">
          Plex cannot be reached since {dateTime(plex.since)}. Edits stay queued until it answers.
          {plex.next_probe_at > 0 && ` Next test ${relative(plex.next_probe_at, now)}.`}
        </p>
      )}
      <Loaded of={outages}>
        {(answer) => (
          <>
            <Metrics answer={answer} />
            {answer.outages.length > 0 && <Timeline outages={answer.outages} now={now} />}
            <RecoverButtons counts={answer.recoverable} onDone={outages.reload} />
            <OutageTable outages={answer.outages} now={now} />
          </>
        )}
      </Loaded>
    </>
  );
}

function Metrics({ answer }: { answer: OutagesAnswer }): React.JSX.Element {
  const time = (seconds: number | null): string =>
    seconds === null ? "not known yet" : duration(seconds);
  const { availability } = answer;
  return (
    <div className="plexsync-grid">
      <Part title="Reliability of Plex" name="metrics">
        <Facts
          rows={[
            ["Availability", availability === null ? "not known yet" : percent(availability)],
            ["Mean time between failures (MTBF)", time(answer.mtbf_s)],
            ["Mean time to recovery (MTTR)", time(answer.mttr_s)],
            ["Outages by refused requests", answer.refused],
          ]}
        />
      </Part>
    </div>
  );
}

interface RecoverProps {
  counts: Record<string, number>;
  onDone: () => void;
}

function RecoverButtons({ counts, onDone }: RecoverProps): React.JSX.Element {
  const ask = useConfirm();
  const recover = async (errors: Recover["errors"]): Promise<void> => {
    const isDone = await ask({
      title: "Recover jobs",
      describe: (count) =>
        `${counted(count, "dead letter")} whose reason is that ${CLASSES[errors]} ` +
        "will be put back into the queue.",
      button: "Recover",
      nothing: "There is nothing to recover.",
      run: (confirm) => call("recover", { errors, confirm }),
    });
    if (isDone) onDone();
  };
  const classes = (Object.keys(CLASSES) as Recover["errors"][]).filter((name) => counts[name]);
  if (classes.length === 0) return <></>;
  return (
    <div className="plexsync-bar">
      <span>Failed for good:</span>
      {classes.map((name) => (
        <Button key={name} size="sm" variant="secondary" onClick={() => void recover(name)}>
          Recover {counted(counts[name] ?? 0, "job")}: {CLASSES[name]}
        </Button>
      ))}
    </div>
  );
}

function OutageTable(props: { outages: OutageRow[]; now: number }): React.JSX.Element {
  const { outages, now } = props;
  return (
    <Table
      caption="Outages"
      rows={outages}
      keyOf={(row) => String(row.start)}
      empty="No outage was seen."
      columns={[
        { title: "Began", draw: (row) => dateTime(row.start) },
        { title: "Lasted", draw: (row) => lastedText(row, now) },
        { title: "Cause", draw: (row) => row.cause || row.error },
        { title: "Jobs affected", draw: (row) => row.jobs, isNumber: true },
        { title: "End", draw: (row) => (row.end > 0 ? row.how : "lasts") },
      ]}
    />
  );
}

function lastedText(row: OutageRow, now: number): string {
  return duration((row.end > 0 ? row.end : now) - row.start);
}
