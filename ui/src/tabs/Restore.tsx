import React, { useCallback } from "react";
import { Button } from "react-bootstrap";
import { counted } from "../format";
import { useConfirm } from "../parts/Confirm";
import { Part } from "../parts/Facts";
import { TaskProgress } from "../parts/RunProgress";
import { refreshSnapshot } from "../state/snapshot";
import { pluginApi } from "../stash/api";
import { call } from "../stash/client";
import { useTask } from "../stash/tasks";

const TITLE = "Restore Plex values";

/** Gives every item back what it showed before PlexSync, as a task of Stash. */
export function Restore(): React.JSX.Element {
  const toast = pluginApi().hooks.useToast();
  const ask = useConfirm();
  const onEnd = useCallback(() => {
    toast.success("Plex shows its own values again; the log names what stayed.");
    refreshSnapshot();
  }, [toast]);
  const task = useTask("Restore Plex Values", onEnd);
  const restore = (): Promise<boolean> =>
    ask({
      title: TITLE,
      describe: (count) =>
        `${counted(count, "item")} in Plex will get back what they showed before PlexSync's first ` +
        "write. What was edited in Plex since stays.",
      button: "Restore",
      nothing: "The restore is running.",
      run: async (confirm) => {
        if (confirm === null) return call("count_restorable", {});
        await task.start({ mode: "restore", confirm });
        return { count: confirm, is_done: true };
      },
    });
  return (
    <Part title={TITLE} name="restore">
      <p>
        Puts back what items in Plex showed before PlexSync&apos;s first write. Switch off Enabled
        in the settings first, so that PlexSync does not write again.
      </p>
      <TaskProgress title={TITLE} task={task} />
      <Button variant="danger" disabled={task.isRunning} onClick={() => void restore()}>
        {TITLE}
      </Button>
    </Part>
  );
}
