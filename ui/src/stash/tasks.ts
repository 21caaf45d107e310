// Long work that runs as a task of Stash: its buttons are the API, and its queue shows the progress.
import { gql } from "@apollo/client";
import { useCallback, useEffect, useState } from "react";
import { PLUGIN_ID } from "./api";
import { mutate, query } from "./client";
import { sentenceOf } from "./errors";

const INTERVAL_MS = 3_000;

// StashService.mutateRunPluginTask drops its arguments, so this is a document of PlexSync's own.
const RUN = gql`
  mutation PlexSyncTask($plugin: ID!, $name: String, $args: Map) {
    runPluginTask(plugin_id: $plugin, task_name: $name, args_map: $args)
  }
`;

const FIND = gql`
  query PlexSyncJob($id: ID!) {
    findJob(input: { id: $id }) {
      id
      status
      progress
      error
    }
  }
`;

const STOP = gql`
  mutation PlexSyncStopJob($id: ID!) {
    stopJob(job_id: $id)
  }
`;

type Status = "READY" | "RUNNING" | "FINISHED" | "STOPPING" | "CANCELLED" | "FAILED";

interface Job {
  id: string;
  status: Status;
  progress: number | null;
  error: string | null;
}

/** Jobs by the task's name: they continue while another tab of the page is shown. */
const started = new Map<string, string>();

export interface TaskState {
  isRunning: boolean;
  /** Still waits behind other jobs of Stash. */
  isWaiting: boolean;
  /** 0 to 1, null while unknown. */
  progress: number | null;
  /** "" unless the task failed. */
  error: string;
  start: (args?: Record<string, unknown>) => Promise<void>;
  stop: () => Promise<void>;
}

/** Runs a task by its name in Stash; `onEnd` is called when it has ended well. */
export function useTask(name: string, onEnd: () => void): TaskState {
  const [id, setId] = useState(started.get(name) ?? "");
  const [job, setJob] = useState<Job | null>(null);
  const [error, setError] = useState("");

  useEffect(() => {
    if (!id) return undefined;
    let isShown = true;
    const end = (failure: string): void => {
      started.delete(name);
      setId("");
      setJob(null);
      setError(failure);
      if (!failure) onEnd();
    };
    const look = async (): Promise<void> => {
      if (document.hidden) return;
      try {
        const found = await query<{ findJob: Job | null }>(FIND, { id });
        if (!isShown) return;
        const failure = endOf(found.findJob);
        if (failure === null) setJob(found.findJob);
        else end(failure);
      } catch {
        // Stash is away; the page says so, and the next look follows.
      }
    };
    void look();
    const timer = window.setInterval(() => void look(), INTERVAL_MS);
    return () => {
      isShown = false;
      window.clearInterval(timer);
    };
  }, [id, name, onEnd]);

  const start = useCallback(
    async (args: Record<string, unknown> = {}) => {
      setError("");
      try {
        const variables = { plugin: PLUGIN_ID, name, args };
        const answer = await mutate<{ runPluginTask: string }>(RUN, variables);
        started.set(name, answer.runPluginTask);
        setId(answer.runPluginTask);
      } catch (failure) {
        setError(sentenceOf(failure));
      }
    },
    [name],
  );
  const stop = useCallback(async () => {
    await mutate(STOP, { id });
  }, [id]);

  return {
    isRunning: id !== "",
    isWaiting: job?.status === "READY",
    progress: job?.progress ?? null,
    error,
    start,
    stop,
  };
}

/** Returns null while the job is not over, "" if it ended well, else why not. */
export function endOf(job: Pick<Job, "status" | "error"> | null): string | null {
  if (job === null || job.status === "FINISHED") return ""; // Stash forgets old jobs
  if (job.status === "FAILED") return sentenceOf(job.error ?? "");
  return job.status === "CANCELLED" ? "It was stopped." : null;
}
