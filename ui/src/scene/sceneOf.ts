// The scene in the props of Stash's components.

export interface Scene {
  id: number;
  title: string;
}

/** Returns the scene; id 0 where the props hold none, which is no scene of Stash's. */
export function sceneOf(props: Record<string, unknown>): Scene {
  const scene = (props.scene ?? {}) as { id?: unknown; title?: unknown };
  const id = Number(scene.id);
  return {
    id: Number.isInteger(id) ? id : 0,
    title: typeof scene.title === "string" ? scene.title : "",
  };
}
