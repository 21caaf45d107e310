import React from "react";
import type { FieldRow, ItemRow } from "../calls";
import { words } from "../format";
import { PlexLink } from "../parts/Candidates";
import { Table, type Column } from "../parts/PagedTable";

const OWNER: Record<FieldRow["owner"], string> = {
  stash: "PlexSync",
  hand: "edited by hand",
  plex: "Plex",
  none: "no value",
};

/** One item of Plex that a scene is matched with, why, and each of its fields. */
export function SceneItem({ item }: { item: ItemRow }): React.JSX.Element {
  return (
    <section data-testid="plexsync-item" aria-label={item.title}>
      <h3 className="h6">
        {item.title} <small>({item.library})</small>
      </h3>
      <p>
        {reasonText(item.reason)} {item.link && <PlexLink link={item.link}>Open in Plex</PlexLink>}
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
  { title: "Field", draw: (field) => <span className="plexsync-words">{field.label}</span> },
  { title: "Stash", draw: (field) => <Value text={field.stash} /> },
  { title: "Plex", draw: (field) => <Value text={plexText(field.plex)} /> },
  { title: "Would be written", draw: (field) => <Written field={field} /> },
  {
    title: "Owner",
    draw: (field) => (
      <span className="plexsync-words">
        {OWNER[field.owner]}
        {field.is_locked && ", locked"}
      </span>
    ),
  },
];

/** The evidence's name as words: `name_and_size 0.8` becomes `Name and size 0.8`. */
function reasonText(reason: string): string {
  return reason.replace(/^[a-z]+(_[a-z]+)*/, words);
}

/** An image's address in Plex says nothing to the user. */
function plexText(text: string): string {
  return /^\/library\/metadata\/\d+\/(thumb|art)/.test(text) ? "an image" : text;
}

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
