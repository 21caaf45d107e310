// Lists in settings, read and written as the engine does: quotes keep a separator in an entry.

// A backslash before the last quote belongs to a Windows folder; the quote then ends the entry.
const entryOf = (separators: string): RegExp => {
  const end = `(?:[${separators.replace(/[\\\]^-]/g, "\\$&")}]|$)`;
  return new RegExp(`\\s*"((?:\\\\"|[^"])*)"\\s*${end}|([^]*?)${end}`, "y");
};

/** Returns the entries of a list, trimmed and without blank ones. */
export function splitList(text: string, separators: string): string[] {
  const entry = entryOf(separators);
  const entries: string[] = [];
  let start = 0;
  while (start < text.length) {
    entry.lastIndex = start;
    const found = entry.exec(text);
    if (!found) break; // the second branch takes whatever comes
    entries.push(found[1] === undefined ? (found[2] ?? "") : unquoted(found[1]));
    start = entry.lastIndex;
  }
  return entries.map((one) => one.trim()).filter((one) => one !== "");
}

/** Returns the list as text that reads back the same; null where an entry cannot be written. */
export function joinList(entries: readonly string[], separator: string): string | null {
  const names = entries.map((one) => one.trim()).filter((one) => one !== "");
  const text = names.map((name) => writeEntry(name, separator)).join(`${separator} `);
  const back = splitList(text, separator);
  return JSON.stringify(back) === JSON.stringify(names) ? text : null;
}

function writeEntry(name: string, separator: string): string {
  return name.includes(separator) || name.startsWith('"') ? `"${name.replace(/"/g, '\\"')}"` : name;
}

/** Returns what the quotes hold; the quotes themselves where they hold nothing. */
function unquoted(quoted: string): string {
  return quoted.trim() === "" ? '""' : quoted.replace(/\\"/g, '"');
}
