import React from "react";
import { Button } from "react-bootstrap";
import type { RunState } from "../calls";
import { counted } from "../format";
import { call } from "../stash/client";
import type { TaskState } from "../stash/tasks";
import { useConfirm } from "./Confirm";
import { Notice } from "./Notice";

const RUN_TITLES: Record<RunState["kind"], string> = {
  sync_all: "Sync all",
  sync_recent: "Sync recent",
  force_sync: "Force sync",
  reconcile: "Reconciliation",
};

/** Shows the long work that the worker does for the user, with a button that ends it. */
export function RunProgress({ run }: { run: RunState | null }): React.JSX.Element | null {
  const ask = useConfirm();
  if (!run) return null;
  const title = RUN_TITLES[run.kind];
  const cancel = (): Promise<boolean> =>
    ask({
      title: `Cancel ${title.toLowerCase()}`,
      describe: (count) =>
        `${counted(count, "waiting job")} that only this run caused will be deleted. ` +
        "Jobs with another cause, and those in progress, continue.",
      button: "Cancel the run",
      nothing: "The run was cancelled.",
      run: (confirm) => call("cancel_run", { kind: run.kind, confirm }),
    });
  return (
    <div className="card card-body mb-3" role="status" data-testid="plexsync-run">
      <div className="plexsync-bar mb-2">
        <strong>{title}</strong>
        <span>{textOf(run)}</span>
        <Button size="sm" variant="secondary" onClick={() => void cancel()}>
          Cancel
        </Button>
      </div>
      <Bar label={title} share={run.total > 0 ? run.done / run.total : null} />
    </div>
  );
}

function textOf(run: RunState): string {
  if (run.is_waiting) return "waits for the worker";
  const looked = run.total > 0 ? `${run.done} of ${run.total} scenes` : `${run.done} scenes`;
  return `${looked} looked at, ${counted(run.queued, "job")} queued, ${run.left} left`;
}

/** Shows a task of Stash while it runs, or why it failed. */
export function TaskProgress(props: { title: string; task: TaskState }): React.JSX.Element | null {
  const { title, task } = props;
  if (task.error) {
    return (
      <Notice level="danger">
        {title}: {task.error}
      </Notice>
    );
  }
  if (!task.isRunning) return null;
  return (
    <div className="card card-body mb-3" role="status" data-testid="plexsync-task">
      <div className="plexsync-bar mb-2">
        <strong>{title}</strong>
        <span>{task.isWaiting ? "waits for other tasks of Stash" : "is running"}</span>
        <Button size="sm" variant="secondary" onClick={() => void task.stop()}>
          Stop
        </Button>
      </div>
      <Bar label={title} share={task.progress} />
    </div>
  );
}

function Bar({ label, share }: { label: string; share: number | null }): React.JSX.Element {
  const percent = Math.round((share ?? 0) * 100);
  return (
    <div className="progress">
      <div
        className="progress-bar"
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        style={{ width: `${percent}%` }}
      />
    </div>
  );
}
