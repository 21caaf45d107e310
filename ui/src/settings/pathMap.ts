// The path mapping, read and written as the engine does.
import type { PathPair } from "../calls";

export interface WrittenMap {
  text: string;
  /** What is wrong, by the row's number from 0. */
  errors: Record<number, string>;
}

const EMPTY = "Enter both folders, or remove the row.";
const UNUSABLE = "A folder with ';', '=>' or a line break cannot stand in the mapping.";

/** Returns the text of the setting; rows of which both sides are empty are left out. */
export function writePathMap(pairs: readonly PathPair[]): WrittenMap {
  const errors: Record<number, string> = {};
  const entries: string[] = [];
  pairs.forEach((pair, row) => {
    const source = pair.source.trim();
    const target = pair.target.trim();
    if (source === "" && target === "") return;
    if (source === "" || target === "") errors[row] = EMPTY;
    else if (/[;\n\r]|=>/.test(source + " " + target)) errors[row] = UNUSABLE;
    else entries.push(`${source} => ${target}`);
  });
  return { text: entries.join("; "), errors };
}

/** Returns the pairs in the text of the setting; what is not a pair is left out. */
export function readPathMap(text: string): PathPair[] {
  return text
    .split(/[;\n]/)
    .map((entry) => entry.split("=>").map((side) => side.trim()))
    .filter((sides) => sides.length === 2)
    .map(([source = "", target = ""]) => ({ source, target }));
}

/** Returns the pairs with others added, without twins. */
export function withPairs(pairs: readonly PathPair[], more: readonly PathPair[]): PathPair[] {
  const kept = pairs.filter((pair) => pair.source.trim() !== "" || pair.target.trim() !== "");
  const known = new Set(kept.map((pair) => `${pair.source}\n${pair.target}`));
  const added = more.filter((pair) => !known.has(`${pair.source}\n${pair.target}`));
  return [...kept, ...added.map(({ source, target }) => ({ source, target }))];
}
