import React from "react";
import type { FieldRow, ItemRow } from "../calls";
import { PlexLink } from "../parts/Candidates";
import { Table, type Column } from "../parts/PagedTable";

const OWNER: Record<FieldRow["owner"], string> = {
  stash: "PlexSync",
  hand: "edited by hand",
  plex: "Plex",
  none: "empty",
};

/** One item of Plex that a scene is matched with, why, and each of its fields. */
export function SceneItem({ item }: { item: ItemRow }): React.JSX.Element {
  return (
    <section data-testid="plexsync-item" aria-label={item.title}>
      <h3 className="h6">
        {item.title} <small>({item.library})</small>
      </h3>
      <p>
        {item.reason} {item.link && <PlexLink link={item.link}>Open in Plex</PlexLink>}
      </p>
      <Table
        caption={`Fields of ${item.title}`}
        columns={COLUMNS}
        rows={item.fields}
        keyOf={(field) => field.name}
        empty="No field is compared."
      />
    </section>
  );
}

const COLUMNS: Column<FieldRow>[] = [
  { title: "Field", draw: (field) => field.label },
  { title: "Stash", draw: (field) => <Value text={field.stash} /> },
  { title: "Plex", draw: (field) => <Value text={field.plex} /> },
  { title: "Would be written", draw: (field) => <Written field={field} /> },
  {
    title: "Owner",
    draw: (field) => OWNER[field.owner] + (field.is_locked ? ", locked" : ""),
  },
];

function Value({ text }: { text: string }): React.JSX.Element {
  if (text === "") return <span className="text-muted">empty</span>;
  return <span className="plexsync-text plexsync-long">{text}</span>;
}

function Written({ field }: { field: FieldRow }): React.JSX.Element {
  const note = field.is_on ? field.note : field.note || "switched off";
  if (field.write === null) return <span className="text-muted">{note || "nothing"}</span>;
  return (
    <>
      <Value text={field.write} /> {field.note && <small>{field.note}</small>}
    </>
  );
}
