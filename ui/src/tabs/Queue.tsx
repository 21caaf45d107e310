import React, { useEffect, useState } from "react";
import { Button, Form } from "react-bootstrap";
import { Link } from "react-router-dom";
import type { JobRow } from "../calls";
import { counted, dateTime, relative } from "../format";
import { useQueryValues } from "../page/address";
import { useConfirm } from "../parts/Confirm";
import { Loaded, Notice, Waiting } from "../parts/Notice";
import { PagedTable, type Column } from "../parts/PagedTable";
import { useAction } from "../parts/useAction";
import { queueVersion, useSnapshot } from "../state/snapshot";
import { useCall, type Called } from "../state/useCall";
import { call } from "../stash/client";
import { sentenceOf } from "../stash/errors";
import { MAX_FOUND, searchScenes, useScenes, type Found, type SceneText } from "../stash/scenes";

const LIMIT = 50;

const STATE_TEXT: Record<JobRow["state"], string> = {
  running: "In progress",
  due: "Due",
  later: "Later",
};

/** What waits and why, with a search and a choice of rows. */
export function Queue(): React.JSX.Element {
  const [read, change] = useQueryValues();
  const text = read("q");
  const search = useSearch(text);
  return (
    <>
      <SearchBar text={text} onSearch={(q) => change({ q, from: "" })} />
      {search.error && <Notice level="danger">{search.error}</Notice>}
      {search.found?.hasMore && (
        <Notice level="warning">
          More than {counted(MAX_FOUND, "scene")} match; only the first of them are looked for in
          the queue. Type more of the title.
        </Notice>
      )}
      {text && !search.found ? (
        !search.error && <Waiting />
      ) : (
        <Jobs scenes={search.found?.ids ?? null} />
      )}
    </>
  );
}

interface Search {
  found: Found | null;
  error: string;
}

/** Asks Stash which scenes match; `found` is null without a text, and while it is asked. */
function useSearch(text: string): Search {
  const [search, setSearch] = useState<Search & { text: string }>({
    text: "",
    found: null,
    error: "",
  });
  useEffect(() => {
    if (!text) return undefined;
    let isShown = true;
    const show = (found: Found | null, error: string): void => {
      if (isShown) setSearch({ text, found, error });
    };
    searchScenes(text).then(
      (found) => show(found, ""),
      (error: unknown) => show(null, sentenceOf(error)),
    );
    return () => {
      isShown = false;
    };
  }, [text]);
  return text && search.text === text ? search : { found: null, error: "" };
}

function SearchBar(props: { text: string; onSearch: (text: string) => void }): React.JSX.Element {
  const [typed, setTyped] = useState(props.text);
  useEffect(() => setTyped(props.text), [props.text]);
  return (
    <Form
      role="search"
      className="plexsync-bar"
      onSubmit={(event: React.FormEvent) => {
        event.preventDefault();
        props.onSearch(typed.trim());
      }}
    >
      <Form.Control
        className="text-input"
        aria-label="Title or id of a scene"
        placeholder="Title or id of a scene"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <Button type="submit" variant="secondary">
        Search
      </Button>
      {props.text && (
        <Button variant="secondary" onClick={() => props.onSearch("")}>
          Show all
        </Button>
      )}
    </Form>
  );
}

function Jobs({ scenes }: { scenes: number[] | null }): React.JSX.Element {
  const [read, change] = useQueryValues();
  const offset = Math.max(0, Math.trunc(Number(read("from"))) || 0);
  const { value: snapshot } = useSnapshot();
  const queue = useCall("queue", { offset, limit: LIMIT, scenes }, queueVersion(snapshot));
  const titles = useScenes((queue.answer?.rows ?? []).map((row) => row.scene));
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const done = (): void => {
    setChosen(new Set());
    queue.reload();
  };
  const now = snapshot?.at ?? Date.now() / 1_000;
  return (
    <Loaded of={queue}>
      {(answer) => (
        <>
          <Actions
            chosen={[...chosen]}
            total={answer.total}
            isAll={scenes === null}
            onDone={done}
          />
          <PagedTable
            caption="Queue"
            columns={columns(titles, now, queue)}
            rows={answer.rows}
            keyOf={(row) => row.subject}
            nameOf={(row) => nameOf(row, titles)}
            empty={scenes === null ? "Nothing waits." : "No job of these scenes waits."}
            selection={{ chosen, onChange: setChosen }}
            offset={offset}
            limit={LIMIT}
            total={answer.total}
            onOffset={(from) => change({ from: from > 0 ? String(from) : "" })}
          />
        </>
      )}
    </Loaded>
  );
}

function nameOf(row: JobRow, titles: ReadonlyMap<number, SceneText>): string {
  const title = row.scene === null ? undefined : titles.get(row.scene)?.title;
  return title ?? row.subject;
}

function columns(
  titles: ReadonlyMap<number, SceneText>,
  now: number,
  queue: Called<unknown>,
): Column<JobRow>[] {
  return [
    {
      title: "Scene",
      draw: (row) =>
        row.scene === null ? (
          row.subject
        ) : (
          <Link to={`/scenes/${row.scene}`}>{nameOf(row, titles)}</Link>
        ),
    },
    {
      title: "State",
      draw: (row) => (
        <span title={dateTime(row.due_at)}>
          {row.state === "later" ? `Due ${relative(row.due_at, now)}` : STATE_TEXT[row.state]}
        </span>
      ),
    },
    { title: "Cause", draw: (row) => row.causes.join(", ") },
    { title: "Last failure", draw: (row) => row.why || "none" },
    { title: "Attempts", draw: (row) => row.attempts, isNumber: true },
    { title: "Actions", draw: (row) => <RowActions row={row} onDone={queue.reload} /> },
  ];
}

function RowActions({ row, onDone }: { row: JobRow; onDone: () => void }): React.JSX.Element {
  if (row.state === "running") return <span className="text-muted">runs now</span>;
  return (
    <span className="plexsync-actions">
      <SyncNow subjects={[row.subject]} onDone={onDone} />
      <Drop subjects={[row.subject]} onDone={onDone} />
    </span>
  );
}

interface Chosen {
  subjects: string[];
  onDone: () => void;
}

function SyncNow({ subjects, onDone }: Chosen): React.JSX.Element {
  const [isBusy, act] = useAction();
  const run = async (): Promise<string> => {
    const result = await call("sync_now", { subjects });
    onDone();
    return result.text || `${counted(result.count, "job")} will be done next.`;
  };
  return (
    <Button size="sm" variant="secondary" disabled={isBusy} onClick={() => void act(run)}>
      Sync now
    </Button>
  );
}

function Drop({ subjects, onDone }: Chosen): React.JSX.Element {
  const ask = useConfirm();
  const drop = async (): Promise<void> => {
    const isDone = await ask({
      title: "Drop jobs",
      describe: (count) =>
        `${counted(count, "waiting job")} will be deleted. ` +
        "The next edit of such a scene queues it again.",
      button: "Drop",
      nothing: "None of them waits any more.",
      run: (confirm) => call("drop_jobs", { subjects, confirm }),
    });
    if (isDone) onDone();
  };
  return (
    <Button size="sm" variant="danger" onClick={() => void drop()}>
      Drop
    </Button>
  );
}

interface ActionProps {
  chosen: string[];
  total: number;
  isAll: boolean;
  onDone: () => void;
}

function Actions({ chosen, total, isAll, onDone }: ActionProps): React.JSX.Element {
  const ask = useConfirm();
  const clear = async (): Promise<void> => {
    const isDone = await ask({
      title: "Clear the queue",
      describe: (count) =>
        `${counted(count, "waiting job")} will be deleted. What these scenes changed reaches Plex ` +
        "only after another edit, Sync all, or a reconciliation.",
      button: "Clear the queue",
      nothing: "Nothing waits.",
      run: (confirm) => call("clear_queue", { confirm }),
    });
    if (isDone) onDone();
  };
  return (
    <div className="plexsync-bar">
      <span data-testid="plexsync-total">{counted(total, "job")}</span>
      {chosen.length > 0 && (
        <>
          <span>{chosen.length} chosen</span>
          <SyncNow subjects={chosen} onDone={onDone} />
          <Drop subjects={chosen} onDone={onDone} />
        </>
      )}
      {isAll && total > 0 && chosen.length === 0 && (
        <Button size="sm" variant="danger" onClick={() => void clear()}>
          Clear the queue
        </Button>
      )}
    </div>
  );
}
