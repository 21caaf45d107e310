import React, { useState } from "react";
import { Button } from "react-bootstrap";
import type { DeadLetterGroup, DeadLetterRow, DeadLettersAnswer } from "../calls";
import { DeadLetterActions } from "../dead/DeadLetterActions";
import { Overrides } from "../dead/Overrides";
import { Purge } from "../dead/Purge";
import { chosenTarget, reasonTarget, rowTarget } from "../dead/targets";
import { counted, dateTime, relative } from "../format";
import { useQueryValues } from "../page/address";
import { Candidates } from "../parts/Candidates";
import { Loaded } from "../parts/Notice";
import { PagedTable, type Column } from "../parts/PagedTable";
import { SceneLink } from "../parts/SceneLink";
import { useAction } from "../parts/useAction";
import { useSnapshot } from "../state/snapshot";
import { useCall } from "../state/useCall";
import { call } from "../stash/client";
import { useScenes, type SceneText } from "../stash/scenes";

const LIMIT = 25;

/** What failed for good, by reason, with what to do about it. */
export function DeadLetters(): React.JSX.Element {
  const [read, change] = useQueryValues();
  const reason = read("reason");
  const offset = Math.max(0, Math.trunc(Number(read("from"))) || 0);
  const { value: snapshot } = useSnapshot();
  const version = snapshot?.queue?.dead_letters;
  const listed = useCall("dead_letters", { offset, limit: LIMIT, reason }, version);
  const [changes, setChanges] = useState(0);
  const done = (): void => {
    setChanges((count) => count + 1);
    listed.reload();
  };
  return (
    <>
      <Loaded of={listed}>
        {(answer) => (
          <>
            <Groups
              groups={answer.groups}
              reason={reason}
              onChoose={(next) => change({ reason: next, from: "" })}
              onDone={done}
            />
            <Rows
              key={reason}
              answer={answer}
              offset={offset}
              onOffset={(from) => change({ from: from > 0 ? String(from) : "" })}
              onDone={done}
            />
            {answer.groups.length > 0 && <Purge onDone={done} />}
          </>
        )}
      </Loaded>
      <Overrides version={changes} />
    </>
  );
}

function Groups(props: {
  groups: readonly DeadLetterGroup[];
  reason: string;
  onChoose: (reason: string) => void;
  onDone: () => void;
}): React.JSX.Element {
  const { groups, reason, onChoose, onDone } = props;
  return (
    <div className="plexsync-grid" data-testid="plexsync-groups">
      {groups.map((group) => (
        <div key={group.reason} className="card">
          <div className="card-body">
            <h2>{counted(group.count, "dead letter")}</h2>
            <p className="mb-1">{group.label}</p>
            <p className="mb-2">{group.action}</p>
            <p className="mb-2">
              <Button
                size="sm"
                variant="secondary"
                aria-pressed={reason === group.reason}
                onClick={() => onChoose(reason === group.reason ? "" : group.reason)}
              >
                {reason === group.reason ? "Show all" : "Show only these"}
              </Button>
            </p>
            <div>All of them:</div>
            <DeadLetterActions
              target={reasonTarget(group.reason)}
              isSingle={false}
              onDone={onDone}
            />
          </div>
        </div>
      ))}
    </div>
  );
}

function Rows(props: {
  answer: DeadLettersAnswer;
  offset: number;
  onOffset: (offset: number) => void;
  onDone: () => void;
}): React.JSX.Element {
  const { answer, offset } = props;
  const titles = useScenes(answer.rows.map((row) => row.scene));
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const done = (): void => {
    setChosen(new Set());
    props.onDone();
  };
  return (
    <>
      {chosen.size > 0 && (
        <div className="plexsync-bar" data-testid="plexsync-chosen">
          <span>{counted(chosen.size, "dead letter")} chosen</span>
          <DeadLetterActions target={chosenTarget([...chosen])} isSingle={false} onDone={done} />
        </div>
      )}
      <PagedTable
        caption="Dead letters"
        columns={columns(answer.groups, titles, done)}
        rows={answer.rows}
        keyOf={(row) => row.subject}
        nameOf={(row) => titleOf(row, titles)}
        empty="Nothing has failed for good."
        selection={{ chosen, onChange: setChosen }}
        offset={offset}
        limit={LIMIT}
        total={answer.total}
        onOffset={props.onOffset}
      />
    </>
  );
}

type Titles = ReadonlyMap<number, SceneText>;

function titleOf(row: DeadLetterRow, titles: Titles): string {
  const text = row.scene === null ? undefined : titles.get(row.scene)?.title;
  return text ?? (row.title || row.subject);
}

function columns(
  groups: readonly DeadLetterGroup[],
  titles: Titles,
  onDone: () => void,
): Column<DeadLetterRow>[] {
  const labels = new Map(groups.map((group) => [group.reason, group.label]));
  const now = Date.now() / 1_000;
  return [
    {
      title: "Scene",
      draw: (row) =>
        row.scene === null ? (
          titleOf(row, titles)
        ) : (
          <SceneLink scene={row.scene} text={titles.get(row.scene)} title={row.title} />
        ),
    },
    {
      title: "Reason",
      draw: (row) => (
        <div>
          <div>{labels.get(row.reason) ?? row.reason}</div>
          <details>
            <summary>Message</summary>
            <span className="plexsync-text">{row.message}</span>
          </details>
          <small title={dateTime(row.last_at)}>
            {relative(row.last_at, now)}, {counted(row.attempts, "attempt")}
          </small>
        </div>
      ),
    },
    { title: "Candidates", draw: (row) => <RowCandidates row={row} onDone={onDone} /> },
    {
      title: "Actions",
      draw: (row) => (
        <DeadLetterActions
          target={rowTarget(row, titleOf(row, titles))}
          isSingle={row.scene !== null}
          onDone={onDone}
        />
      ),
    },
  ];
}

function RowCandidates(props: { row: DeadLetterRow; onDone: () => void }): React.JSX.Element {
  const { row, onDone } = props;
  const [isBusy, act] = useAction();
  const match = async (item: number): Promise<void> => {
    const isDone = await act(async () => {
      const scenes = row.scene === null ? [] : [row.scene];
      const done = await call("set_override", { scenes, item });
      return done.text ?? "";
    });
    if (isDone) onDone();
  };
  return (
    <Candidates
      candidates={row.candidates}
      isBusy={isBusy || row.scene === null}
      onMatch={(item) => void match(item)}
    />
  );
}
