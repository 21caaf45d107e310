import React, { useState } from "react";
import { Button, Nav, Tab } from "react-bootstrap";
import type { SceneAnswer } from "../calls";
import { Candidates } from "../parts/Candidates";
import { useConfirm } from "../parts/Confirm";
import { ErrorBoundary } from "../parts/ErrorBoundary";
import { ItemSearch } from "../parts/ItemSearch";
import { Loaded, Notice } from "../parts/Notice";
import { Root } from "../parts/Root";
import { useAction } from "../parts/useAction";
import { queueVersion, useSnapshot } from "../state/snapshot";
import { useCall } from "../state/useCall";
import { call } from "../stash/client";
import { counted } from "../format";
import { SceneItem } from "./SceneItem";
import type { Scene } from "./sceneOf";

const KEY = "plexsync-panel";

/** The tab's title on a scene's page. */
export function SceneTabTitle(): React.JSX.Element {
  return (
    <ErrorBoundary isSmall>
      <Nav.Item>
        <Nav.Link eventKey={KEY}>Plex</Nav.Link>
      </Nav.Item>
    </ErrorBoundary>
  );
}

/** The tab's content: it asks when it is opened, and again when it is opened again. */
export function SceneTabContent({ scene }: { scene: Scene }): React.JSX.Element {
  return (
    <Tab.Pane eventKey={KEY} mountOnEnter unmountOnExit>
      <Root>
        <div data-testid="plexsync-scene" className="pt-3">
          <ScenePart key={scene.id} scene={scene} />
        </div>
      </Root>
    </Tab.Pane>
  );
}

const BADGE: Record<SceneAnswer["state"], { text: string; level: string }> = {
  in_step: { text: "In step", level: "success" },
  differs: { text: "Differs", level: "warning" },
  waiting: { text: "Waiting", level: "info" },
  running: { text: "In progress", level: "info" },
  dead_letter: { text: "Dead letter", level: "danger" },
  left_out: { text: "Left out", level: "secondary" },
  none: { text: "Not found", level: "warning" },
};

function ScenePart({ scene }: { scene: Scene }): React.JSX.Element {
  const [isMoving, setIsMoving] = useState(false);
  const { value: snapshot } = useSnapshot();
  // Each question reads both servers, so the queue matters only while this scene is in it.
  const answered = useCall("scene", { scene: scene.id }, isMoving ? queueVersion(snapshot) : "");
  const state = answered.answer?.state;
  const isInQueue = state === "waiting" || state === "running";
  if (isInQueue !== isMoving) setIsMoving(isInQueue);
  return (
    <Loaded of={answered}>
      {(answer) => (
        <>
          <p data-testid="plexsync-scene-state" data-state={answer.state}>
            <span className={`badge badge-${BADGE[answer.state].level} mr-2`}>
              {BADGE[answer.state].text}
            </span>
            {answer.text}
          </p>
          <Actions answer={answer} title={scene.title} onDone={answered.reload} />
          {answer.problem && <Notice level="warning">{answer.problem}</Notice>}
          {answer.items.map((item) => (
            <SceneItem key={item.item} item={item} />
          ))}
        </>
      )}
    </Loaded>
  );
}

interface ActionsProps {
  answer: SceneAnswer;
  title: string;
  onDone: () => void;
}

function Actions({ answer, title, onDone }: ActionsProps): React.JSX.Element {
  const { scene } = answer;
  const ask = useConfirm();
  const [isBusy, act] = useAction();
  const [isSearching, setIsSearching] = useState(false);
  const run = async (send: () => Promise<{ text?: string }>): Promise<void> => {
    setIsSearching(false);
    if (await act(async () => (await send()).text ?? "")) onDone();
  };
  const override = (item: number | null): void =>
    void run(() => call("set_override", { scenes: [scene], item }));
  const restore = async (): Promise<void> => {
    const isDone = await ask({
      title: "Restore Plex's values",
      describe: (count) =>
        `Plex's own values of ${counted(count, "item")} will be put back, and PlexSync never ` +
        "syncs this scene from then on, until you choose otherwise here.",
      button: "Restore",
      nothing: "No values of Plex were kept for this scene.",
      run: (confirm) => call("restore_scene", { scene, confirm }),
    });
    if (isDone) onDone();
  };
  const isOurs = answer.override_source === "page";
  return (
    <>
      <div className="plexsync-bar">
        <Button
          size="sm"
          disabled={isBusy}
          onClick={() => void run(() => call("sync_scene", { scene }))}
        >
          Sync now
        </Button>
        <Button
          size="sm"
          variant="secondary"
          disabled={isBusy}
          onClick={() => setIsSearching(true)}
        >
          Choose another item
        </Button>
        {answer.override !== 0 && (
          <Button size="sm" variant="secondary" disabled={isBusy} onClick={() => override(null)}>
            Never sync
          </Button>
        )}
        {isOurs && (
          <Button
            size="sm"
            variant="secondary"
            disabled={isBusy}
            onClick={() => void run(() => call("remove_override", { scenes: [scene] }))}
          >
            Match by file again
          </Button>
        )}
        {answer.items.some((item) => item.can_restore) && (
          <Button size="sm" variant="danger" disabled={isBusy} onClick={() => void restore()}>
            Restore Plex&apos;s values
          </Button>
        )}
        <Button size="sm" variant="secondary" onClick={onDone}>
          Look again
        </Button>
      </div>
      {answer.override_source && <OverrideText answer={answer} />}
      {answer.items.length === 0 && answer.candidates.length > 0 && (
        <>
          <h3 className="h6">Items that were looked at</h3>
          <Candidates candidates={answer.candidates} isBusy={isBusy} onMatch={override} />
        </>
      )}
      {isSearching && (
        <ItemSearch
          text={title}
          isBusy={isBusy}
          onChoose={override}
          onClose={() => setIsSearching(false)}
        />
      )}
    </>
  );
}

function OverrideText({ answer }: { answer: SceneAnswer }): React.JSX.Element {
  const what = answer.override ? `matched with item ${answer.override} by hand` : "never synced";
  const source = answer.override_source === "setting" ? " (the setting Match overrides)" : "";
  return (
    <p data-testid="plexsync-override">
      This scene is {what}
      {source}.
    </p>
  );
}
