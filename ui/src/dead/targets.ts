// Which dead letters an action is for: some rows, or all of one reason.
import { call } from "../stash/client";
import type { ChooseDeadLetters, DeadLetterRow } from "../calls";

/** So many scenes fit into one call. */
export const MAX_SCENES = 1_000;
const PAGE = 200;

export interface Target {
  choice: Pick<ChooseDeadLetters, "subjects" | "reason">;
  /** What the scenes are called in a search, "" for several. */
  title: string;
  /** Returns the scenes, at most `MAX_SCENES`. */
  scenes: () => Promise<number[]>;
}

export function rowTarget(row: DeadLetterRow, title: string): Target {
  return {
    choice: { subjects: [row.subject] },
    title,
    scenes: () => Promise.resolve(row.scene === null ? [] : [row.scene]),
  };
}

/** The chosen subjects, which may stand on other pages of the list. */
export function chosenTarget(subjects: readonly string[]): Target {
  return {
    choice: { subjects: [...subjects] },
    title: "",
    scenes: () => Promise.resolve(scenesIn(subjects)),
  };
}

export function reasonTarget(reason: string): Target {
  return { choice: { reason }, title: "", scenes: () => scenesOf(reason) };
}

/** Returns the ids in subjects such as `scene:42`. */
export function scenesIn(subjects: readonly string[]): number[] {
  return subjects
    .map((subject) => /^scene:(\d+)$/.exec(subject)?.[1])
    .filter((id): id is string => id !== undefined)
    .map(Number)
    .slice(0, MAX_SCENES);
}

async function scenesOf(reason: string): Promise<number[]> {
  const scenes = new Set<number>();
  for (let offset = 0; offset < MAX_SCENES; offset += PAGE) {
    const answer = await call("dead_letters", { reason, offset, limit: PAGE });
    for (const row of answer.rows) if (row.scene !== null) scenes.add(row.scene);
    if (offset + PAGE >= answer.total) break;
  }
  return [...scenes].slice(0, MAX_SCENES);
}
