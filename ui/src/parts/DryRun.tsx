import React, { useCallback, useState } from "react";
import { Button, Form } from "react-bootstrap";
import { Link } from "react-router-dom";
import type { DryRunAnswer, DryRunRow, LeftOut } from "../calls";
import { counted, dateTime, words } from "../format";
import { useCall } from "../state/useCall";
import { call } from "../stash/client";
import { useTask } from "../stash/tasks";
import { csv } from "../csv";
import { saveFile } from "./saveFile";
import { Loaded } from "./Notice";
import { PagedTable } from "./PagedTable";
import { TaskProgress } from "./RunProgress";
import { useAction } from "./useAction";

const LIMIT = 50;
const EXPORT_LIMIT = 5_000;

const TASKS = { sync: "Sync All: Dry Run", reconcile: "Reconcile: Dry Run" } as const;

type What = keyof typeof TASKS;

/** Runs a dry run as a task of Stash, and shows what it found; it writes nothing to Plex. */
export function DryRun({ what }: { what: What }): React.JSX.Element {
  const [filter, setFilter] = useState({ kind: "", field: "" });
  const [offset, setOffset] = useState(0);
  const found = useCall("dry_run", { offset, limit: LIMIT, ...filter });
  const { reload } = found;
  const onEnd = useCallback(() => {
    setFilter({ kind: "", field: "" });
    setOffset(0);
    reload();
  }, [reload]);
  const task = useTask(TASKS[what], onEnd);
  const change = (changes: Partial<typeof filter>): void => {
    setFilter({ ...filter, ...changes });
    setOffset(0);
  };
  return (
    <section aria-label="Dry run" data-testid="plexsync-dry-run">
      <h2>Dry run</h2>
      <p>Shows what would change in Plex, and writes nothing. The result is kept for one day.</p>
      <div className="plexsync-bar">
        <Button
          variant="secondary"
          disabled={task.isRunning}
          onClick={() =>
            void task.start({ mode: what === "sync" ? "dry_run" : "reconcile_dry_run" })
          }
        >
          Start a dry run
        </Button>
      </div>
      <TaskProgress title="Dry run" task={task} />
      <Loaded of={found}>
        {(answer) =>
          answer.what === what ? (
            <>
              <Filters answer={answer} filter={filter} onChange={change} />
              <LeftOutList rows={answer.left_out} />
              <PagedTable
                caption="What would change"
                columns={COLUMNS}
                rows={answer.rows}
                keyOf={(row) => `${row.scene} ${row.kind}`}
                empty="Nothing would change."
                offset={offset}
                limit={LIMIT}
                total={answer.total}
                onOffset={setOffset}
              />
            </>
          ) : (
            <p className="text-muted">{noneText(answer)}</p>
          )
        }
      </Loaded>
    </section>
  );
}

/** How many scenes the settings exclude, by reason. */
function LeftOutList({ rows }: { rows: LeftOut[] }): React.JSX.Element | null {
  if (rows.length === 0) return null;
  const reasons = rows.map((row) => `${counted(row.count, "scene")} ${row.text}`);
  return <p data-testid="plexsync-left-out">Left out by the settings: {reasons.join(", ")}.</p>;
}

function noneText(answer: DryRunAnswer): string {
  if (answer.what === "") return "There is no result yet.";
  const other = answer.what === "sync" ? "Tools and log" : "Reconciliation";
  return `The newest dry run is the one under ${other}; a new one replaces it.`;
}

const COLUMNS = [
  {
    title: "Scene",
    draw: (row: DryRunRow) => (
      <Link to={`/scenes/${row.scene}`}>{row.title || `Scene ${row.scene}`}</Link>
    ),
  },
  { title: "Kind", draw: (row: DryRunRow) => words(row.kind) },
  { title: "Evidence", draw: (row: DryRunRow) => words(row.evidence) },
  {
    title: "Changes",
    draw: (row: DryRunRow) => (
      <ul className="list-unstyled mb-0">
        {row.changes.map((one) => (
          <li key={one.field}>
            <strong>{one.label}:</strong> {one.value || "(empty)"}
          </li>
        ))}
      </ul>
    ),
  },
];

interface FiltersProps {
  answer: DryRunAnswer;
  filter: { kind: string; field: string };
  onChange: (changes: { kind?: string; field?: string }) => void;
}

function Filters({ answer, filter, onChange }: FiltersProps): React.JSX.Element {
  const [isBusy, act] = useAction();
  const save = async (): Promise<string> => {
    saveFile("plexsync-dry-run.csv", "text/csv", csv(await readTable(filter)));
    return "";
  };
  return (
    <div className="plexsync-bar">
      <span data-testid="plexsync-dry-run-at">
        {dateTime(answer.at)}: {counted(answer.checked, "scene")} looked at, {answer.total} shown
      </span>
      <Choice
        label="Kind"
        counts={answer.kinds}
        value={filter.kind}
        onChange={(kind) => onChange({ kind })}
      />
      <Choice
        label="Field"
        counts={answer.fields}
        value={filter.field}
        onChange={(field) => onChange({ field })}
      />
      <Button
        size="sm"
        variant="secondary"
        disabled={isBusy || answer.total === 0}
        onClick={() => void act(save)}
      >
        Save as CSV
      </Button>
    </div>
  );
}

interface ChoiceProps {
  label: string;
  counts: Record<string, number>;
  value: string;
  onChange: (value: string) => void;
}

function Choice({ label, counts, value, onChange }: ChoiceProps): React.JSX.Element {
  return (
    <Form.Control
      className="text-input"
      as="select"
      size="sm"
      aria-label={label}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    >
      <option value="">{label}: all</option>
      {Object.entries(counts).map(([name, count]) => (
        <option key={name} value={name}>
          {words(name)} ({count})
        </option>
      ))}
    </Form.Control>
  );
}

/** Returns every row that matches as a table with one line per field. */
async function readTable(filter: { kind: string; field: string }): Promise<(string | number)[][]> {
  const table: (string | number)[][] = [["scene", "title", "kind", "evidence", "field", "value"]];
  for (let offset = 0; ; offset += EXPORT_LIMIT) {
    const { rows, total } = await call("dry_run", { offset, limit: EXPORT_LIMIT, ...filter });
    for (const row of rows) {
      for (const one of row.changes) {
        table.push([row.scene, row.title, row.kind, row.evidence, one.field, one.value]);
      }
    }
    if (offset + EXPORT_LIMIT >= total) return table;
  }
}
