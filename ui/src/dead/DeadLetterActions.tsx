import React, { useState } from "react";
import { Button } from "react-bootstrap";
import type { Confirmed } from "../calls";
import { counted } from "../format";
import { useConfirm, type Question } from "../parts/Confirm";
import { ItemSearch } from "../parts/ItemSearch";
import { useAction } from "../parts/useAction";
import { call } from "../stash/client";
import type { Target } from "./targets";

interface Props {
  target: Target;
  /** One row: what can be taken back needs no dialog. */
  isSingle: boolean;
  onDone: () => void;
}

/** Retry, dismiss, match by hand, and never sync: for a row, a choice of rows, or a reason. */
export function DeadLetterActions({ target, isSingle, onDone }: Props): React.JSX.Element {
  const ask = useConfirm();
  const [isBusy, act] = useAction();
  const [isSearching, setIsSearching] = useState(false);

  const confirmed = async (question: Question): Promise<void> => {
    if (await ask(question)) onDone();
  };
  const retry = async (): Promise<void> => {
    if (!isSingle) return confirmed(retryQuestion(target));
    const run = (): Promise<Confirmed> =>
      call("retry_dead_letters", { ...target.choice, confirm: 1 });
    if (await act(async () => (await run()).text ?? "")) onDone();
  };
  const override = async (item: number | null): Promise<void> => {
    setIsSearching(false);
    if (!isSingle) return confirmed(overrideQuestion(target, item));
    const isDone = await act(async () => {
      const done = await call("set_override", { scenes: await target.scenes(), item });
      return done.text ?? "";
    });
    if (isDone) onDone();
  };
  const button = (text: string, variant: string, run: () => void): React.JSX.Element => (
    <Button size="sm" variant={variant} disabled={isBusy} onClick={run}>
      {text}
    </Button>
  );
  return (
    <span className="plexsync-actions">
      {button("Retry", "primary", () => void retry())}
      {button("Choose an item", "secondary", () => setIsSearching(true))}
      {button("Never sync", "secondary", () => void override(null))}
      {button("Dismiss", "danger", () => void confirmed(dismissQuestion(target)))}
      {isSearching && (
        <ItemSearch
          text={target.title}
          isBusy={isBusy}
          onChoose={(item) => void override(item)}
          onClose={() => setIsSearching(false)}
        />
      )}
    </span>
  );
}

const GONE = "There is no such dead letter any more.";

function retryQuestion({ choice }: Target): Question {
  return {
    title: "Retry",
    describe: (count) => `${counted(count, "dead letter")} will be put back into the queue.`,
    button: "Retry",
    nothing: GONE,
    run: (confirm) => call("retry_dead_letters", { ...choice, confirm }),
  };
}

function dismissQuestion({ choice }: Target): Question {
  return {
    title: "Dismiss",
    describe: (count) =>
      `${counted(count, "dead letter")} will be deleted. The next edit of such a scene sends it again.`,
    button: "Dismiss",
    nothing: GONE,
    run: (confirm) => call("dismiss_dead_letters", { ...choice, confirm }),
  };
}

/** The call takes scenes and no number, so the number that was shown is compared here. */
function overrideQuestion(target: Target, item: number | null): Question {
  return {
    title: item === null ? "Never sync" : "Match by hand",
    describe: (count) =>
      item === null
        ? `${counted(count, "scene")} will never be synced, until you remove them under Overrides.`
        : `${counted(count, "scene")} will be matched with item ${item} of Plex from now on.`,
    button: item === null ? "Never sync" : "Match",
    nothing: GONE,
    run: async (confirm) => {
      const scenes = await target.scenes();
      if (scenes.length === 0) return { count: 0, is_done: false };
      if (confirm === null || scenes.length > confirm) {
        return { count: scenes.length, is_done: false };
      }
      const done = await call("set_override", { scenes, item });
      return { count: scenes.length, is_done: true, text: done.text ?? "" };
    },
  };
}
