import React from "react";
import { Button } from "react-bootstrap";
import type { StartSync } from "../calls";
import { DryRun } from "../parts/DryRun";
import { Part } from "../parts/Facts";
import { RunProgress } from "../parts/RunProgress";
import { useAction } from "../parts/useAction";
import { useSnapshot } from "../state/snapshot";
import { call } from "../stash/client";
import { Log } from "./Log";
import { Restore } from "./Restore";
import { Statistics } from "./Statistics";
import { SupportBundle } from "./SupportBundle";

/** Long work by hand, numbers, and the worker's log. */
export function Tools(): React.JSX.Element {
  return (
    <>
      <Syncs />
      <DryRun what="sync" />
      <Statistics />
      <Log />
      <div className="plexsync-grid">
        <Restore />
        <SupportBundle />
      </div>
    </>
  );
}

const KINDS: { kind: StartSync["kind"]; title: string; text: string }[] = [
  {
    kind: "sync_all",
    title: "Sync all",
    text: "Sends every scene, except those that are known to be up to date.",
  },
  {
    kind: "sync_recent",
    title: "Sync recent",
    text: "Sends the scenes that were created or changed within 24 hours.",
  },
  {
    kind: "force_sync",
    title: "Force sync",
    text: "Sends every scene, also those that are known to be up to date.",
  },
];

function Syncs(): React.JSX.Element {
  const { value: snapshot } = useSnapshot();
  const run = snapshot?.run ?? null;
  return (
    <>
      <RunProgress run={run} />
      <div className="plexsync-grid">
        {KINDS.map((row) => (
          <Part key={row.kind} title={row.title} name={row.kind}>
            <p>{row.text}</p>
            <StartButton kind={row.kind} title={row.title} isOff={run !== null} />
          </Part>
        ))}
      </div>
    </>
  );
}

interface StartProps {
  kind: StartSync["kind"];
  title: string;
  isOff: boolean;
}

function StartButton({ kind, title, isOff }: StartProps): React.JSX.Element {
  const [isBusy, act] = useAction();
  const start = async (): Promise<string> => {
    const done = await call("start_sync", { kind });
    return done.text || `${title} was asked for.`;
  };
  return (
    <Button variant="secondary" disabled={isBusy || isOff} onClick={() => void act(start)}>
      {title}
    </Button>
  );
}
