// Scenes as Stash knows them: titles for lists, and search.
import { gql } from "@apollo/client";
import { useEffect, useState } from "react";
import { query } from "./client";

/** PlexSync takes at most so many ids in one call. */
export const MAX_FOUND = 1_000;

export interface SceneText {
  title: string;
  screenshot: string;
}

interface FoundScene {
  id: string;
  title: string | null;
  files: { path: string }[];
  paths: { screenshot: string | null };
}

const FIELDS = "id title files { path } paths { screenshot }";

const SEARCH = gql`
  query PlexSyncSearch($text: String, $size: Int) {
    findScenes(filter: { q: $text, per_page: $size }) {
      count
      scenes {
        id
      }
    }
  }
`;

/** Returns a scene's title, else its file's name, else "Scene 42". */
export function titleOf(scene: Pick<FoundScene, "id" | "title" | "files">): string {
  const file = scene.files[0]?.path.split(/[\\/]/).pop();
  return scene.title?.trim() || file || `Scene ${scene.id}`;
}

/** One query for many scenes; `findScenes(ids)` would fail as a whole if one were gone. */
export function titlesQuery(ids: readonly number[]): string {
  const fields = ids.map((id) => `s${id}: findScene(id: "${id}") { ${FIELDS} }`);
  return `query PlexSyncTitles { ${fields.join(" ")} }`;
}

async function readScenes(ids: readonly number[]): Promise<Map<number, SceneText>> {
  const data = await query<Record<string, FoundScene | null>>(gql(titlesQuery(ids)), {});
  const scenes = Object.values(data).filter((scene): scene is FoundScene => scene !== null);
  return new Map(
    scenes.map((scene) => [
      Number(scene.id),
      { title: titleOf(scene), screenshot: scene.paths.screenshot ?? "" },
    ]),
  );
}

/** Returns the texts of these scenes as far as they are known; a scene that is gone stays absent. */
export function useScenes(ids: readonly (number | null)[]): ReadonlyMap<number, SceneText> {
  const [scenes, setScenes] = useState<ReadonlyMap<number, SceneText>>(new Map());
  const wanted = [...new Set(ids.filter((id): id is number => id !== null))].sort((a, b) => a - b);
  const key = wanted.join();
  useEffect(() => {
    if (!key) return undefined;
    let isShown = true;
    readScenes(key.split(",").map(Number)).then(
      (found) => {
        if (isShown) setScenes(found);
      },
      () => undefined, // the list shows ids until the next time
    );
    return () => {
      isShown = false;
    };
  }, [key]);
  return scenes;
}

export interface Found {
  ids: number[];
  /** More scenes match than were asked for. */
  hasMore: boolean;
}

/** Finds scenes by what Stash's own search looks at, and by id: `42` and `#42`. */
export async function searchScenes(text: string): Promise<Found> {
  const data = await query<{ findScenes: { count: number; scenes: { id: string }[] } }>(SEARCH, {
    text,
    size: MAX_FOUND,
  });
  const ids = data.findScenes.scenes.map((scene) => Number(scene.id));
  const typed = /^#?(\d{1,15})$/.exec(text.trim());
  const all = typed ? [Number(typed[1]), ...ids] : ids;
  return {
    ids: [...new Set(all)].slice(0, MAX_FOUND),
    hasMore: data.findScenes.count > MAX_FOUND,
  };
}
