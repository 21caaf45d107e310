import React from "react";
import { Button } from "react-bootstrap";
import type { OverrideRow } from "../calls";
import { dateTime } from "../format";
import { PlexLink } from "../parts/Candidates";
import { Loaded } from "../parts/Notice";
import { Table, type Column } from "../parts/PagedTable";
import { SceneLink } from "../parts/SceneLink";
import { useAction } from "../parts/useAction";
import { useCall } from "../state/useCall";
import { call } from "../stash/client";
import { useScenes, type SceneText } from "../stash/scenes";

// Titles are asked for in one query; so many rows have one.
const MAX_TITLES = 200;

/** Scenes that are matched by hand, and where each choice comes from. */
export function Overrides({ version }: { version: number }): React.JSX.Element {
  const overrides = useCall("overrides", {}, version);
  const rows = overrides.answer?.rows ?? [];
  const titles = useScenes(rows.slice(0, MAX_TITLES).map((row) => row.scene));
  return (
    <section className="mt-4" aria-labelledby="plexsync-overrides" data-testid="plexsync-overrides">
      <h2 id="plexsync-overrides">Overrides</h2>
      <Loaded of={overrides}>
        {(answer) => (
          <Table
            caption="Scenes matched by hand"
            columns={columns(titles, overrides.reload)}
            rows={answer.rows}
            keyOf={(row) => `${row.source} ${row.scene}`}
            empty="No scene is matched by hand."
          />
        )}
      </Loaded>
    </section>
  );
}

function columns(
  titles: ReadonlyMap<number, SceneText>,
  onDone: () => void,
): Column<OverrideRow>[] {
  return [
    {
      title: "Scene",
      draw: (row) => <SceneLink scene={row.scene} text={titles.get(row.scene)} title="" />,
    },
    {
      title: "Item",
      draw: (row) =>
        row.item === null ? "never synced" : <PlexLink link={row.link}>Item {row.item}</PlexLink>,
    },
    {
      title: "From",
      draw: fromText,
    },
    {
      title: "Actions",
      draw: (row) =>
        row.source === "page" ? (
          <Remove scene={row.scene} onDone={onDone} />
        ) : (
          <span className="text-muted">change the setting</span>
        ),
    },
  ];
}

function fromText(row: OverrideRow): string {
  if (row.source === "setting") return "the setting Match overrides";
  const parts = [`this page, ${dateTime(row.chosen_at)}`];
  if (row.is_shadowed) parts.push("the setting names this scene, too, and wins");
  if (row.is_other_server)
    parts.push("of another Plex server, so the file decides until it is back");
  return parts.join("; ");
}

function Remove({ scene, onDone }: { scene: number; onDone: () => void }): React.JSX.Element {
  const [isBusy, act] = useAction();
  const remove = async (): Promise<void> => {
    const isDone = await act(
      async () => (await call("remove_override", { scenes: [scene] })).text ?? "",
    );
    if (isDone) onDone();
  };
  return (
    <Button size="sm" variant="secondary" disabled={isBusy} onClick={() => void remove()}>
      Remove
    </Button>
  );
}
