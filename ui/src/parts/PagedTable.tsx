import React from "react";
import { Button } from "react-bootstrap";
import { Icon } from "./Icon";

export interface Column<Row> {
  title: string;
  draw: (row: Row) => React.ReactNode;
  /** For numbers: right-aligned. */
  isNumber?: boolean;
}

export interface Selection {
  chosen: ReadonlySet<string>;
  onChange: (chosen: ReadonlySet<string>) => void;
}

interface Props<Row> {
  /** What the table shows, for a screen reader. */
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  /** What stands there where there is no row. */
  empty: string;
  /** Check boxes in front of the rows. */
  selection?: Selection | undefined;
  /** Names a row, for the label of its check box. */
  nameOf?: (row: Row) => string;
}

/** Draws rows; on a narrow screen each row is a block with its columns' titles. */
export function Table<Row>(props: Props<Row>): React.JSX.Element {
  const { columns, rows, selection, keyOf } = props;
  if (rows.length === 0) return <p className="text-muted">{props.empty}</p>;
  const isAll = selection !== undefined && rows.every((row) => selection.chosen.has(keyOf(row)));
  return (
    <table className="table table-striped plexsync-table">
      <caption className="sr-only">{props.caption}</caption>
      <thead>
        <tr>
          {selection && (
            <th scope="col" className="plexsync-check">
              <input
                type="checkbox"
                aria-label="Choose all rows of this page"
                checked={isAll}
                onChange={() => selection.onChange(withAll(selection.chosen, rows, keyOf, !isAll))}
              />
            </th>
          )}
          {columns.map((column) => (
            <th
              key={column.title}
              scope="col"
              className={column.isNumber ? "text-right" : undefined}
            >
              {column.title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            {selection && (
              <td className="plexsync-check">
                <input
                  type="checkbox"
                  aria-label={`Choose ${(props.nameOf ?? keyOf)(row)}`}
                  checked={selection.chosen.has(keyOf(row))}
                  onChange={() => selection.onChange(toggled(selection.chosen, keyOf(row)))}
                />
              </td>
            )}
            {columns.map((column) => (
              <td
                key={column.title}
                data-label={column.title}
                className={column.isNumber ? "plexsync-number" : undefined}
              >
                {column.draw(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface Paging {
  offset: number;
  limit: number;
  total: number;
  onOffset: (offset: number) => void;
}

/** Draws a table of which only one page of rows was asked for. */
export function PagedTable<Row>(props: Props<Row> & Paging): React.JSX.Element {
  return (
    <>
      <Table {...props} />
      <Pager {...props} />
    </>
  );
}

/** Draws the buttons that move through the pages; nothing where there is one page only. */
export function Pager({ offset, limit, total, onOffset }: Paging): React.JSX.Element | null {
  if (total <= limit && offset === 0) return null;
  const last = Math.max(0, Math.floor((total - 1) / limit) * limit);
  const shown = Math.min(offset + limit, total);
  const from = total === 0 ? 0 : Math.min(offset + 1, total);
  const button = (
    title: string,
    icon: string,
    target: number,
    isOff: boolean,
  ): React.JSX.Element => (
    <Button
      variant="secondary"
      aria-label={title}
      title={title}
      disabled={isOff}
      onClick={() => onOffset(target)}
    >
      <Icon name={icon} />
    </Button>
  );
  return (
    <nav className="plexsync-pager" aria-label="Pages">
      {button("First page", "faAnglesLeft", 0, offset === 0)}
      {button("Previous page", "faAngleLeft", Math.max(0, offset - limit), offset === 0)}
      <span aria-live="polite" data-testid="plexsync-pager">
        {from.toLocaleString("en-US")}–{shown.toLocaleString("en-US")} of{" "}
        {total.toLocaleString("en-US")}
      </span>
      {button("Next page", "faAngleRight", offset + limit, shown >= total)}
      {button("Last page", "faAnglesRight", last, offset >= last)}
    </nav>
  );
}

function toggled(chosen: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const next = new Set(chosen);
  if (!next.delete(key)) next.add(key);
  return next;
}

function withAll<Row>(
  chosen: ReadonlySet<string>,
  rows: readonly Row[],
  keyOf: (row: Row) => string,
  isChosen: boolean,
): ReadonlySet<string> {
  const next = new Set(chosen);
  for (const row of rows) {
    if (isChosen) next.add(keyOf(row));
    else next.delete(keyOf(row));
  }
  return next;
}
