// Tables as CSV that a spreadsheet shows and does not run.

const FORMULA = /^[=+\-@]/;

/**
 * Returns one cell. A text that begins with `= + - @` gets an apostrophe in front, because a
 * spreadsheet would take it for a formula; titles come from files and web pages.
 */
export function cell(value: string | number): string {
  const text = typeof value === "number" ? String(value) : value.replace(FORMULA, "'$&");
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

/** Returns the whole file: rows end with CR LF, as RFC 4180 wants. */
export function csv(rows: readonly (readonly (string | number)[])[]): string {
  return rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}
