// The map of settings as Stash stores it, and changes of single rows in it. Pure.
import type { SettingRow } from "../calls";

export type StoredMap = Record<string, unknown>;
/** New values by the setting's name; null sets a row back to its default. */
export type Changes = Record<string, boolean | number | string | null>;
/** What is needed to know a setting in the stored map. */
export type KeyedRow = Pick<SettingRow, "name" | "key">;

/** Returns a stored key as the engine compares it: `aPlexUrl` and `a_plex_url` mean the same. */
export function snakeCase(key: string): string {
  return key
    .trim()
    .replace(/([a-z0-9])(?=[A-Z])/g, "$1_")
    .toLowerCase();
}

/** Returns every stored key that means the setting, with its group's prefix or without. */
export function spellingsOf(row: KeyedRow, stored: StoredMap): string[] {
  return Object.keys(stored).filter((key) => [row.key, row.name].includes(snakeCase(key)));
}

/**
 * Returns the stored map with the changed rows in it and every other key untouched. All spellings
 * of a changed row go, so that an old one cannot count once the new one is reset.
 */
export function applyChanges(
  stored: StoredMap,
  rows: readonly KeyedRow[],
  changes: Changes,
): StoredMap {
  const next = { ...stored };
  for (const row of rows) {
    if (!(row.name in changes)) continue;
    for (const key of spellingsOf(row, next)) {
      // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- a copy of a plain map
      delete next[key];
    }
    const value = changes[row.name];
    if (value !== null) next[row.key] = value;
  }
  return next;
}

/** Returns the names of changed rows whose stored values are still those of `before`. */
export function lostChanges(
  before: StoredMap,
  now: StoredMap,
  rows: readonly KeyedRow[],
  changes: Changes,
): string[] {
  return rows
    .filter((row) => row.name in changes)
    .filter((row) => {
      const wanted = applyChanges(before, [row], changes);
      return !isSame(row, wanted, now) && isSame(row, before, now);
    })
    .map((row) => row.name);
}

function isSame(row: KeyedRow, one: StoredMap, other: StoredMap): boolean {
  const part = (map: StoredMap): string =>
    JSON.stringify(
      spellingsOf(row, map)
        .sort()
        .map((key) => [key, map[key]]),
    );
  return part(one) === part(other);
}
