import React, { useEffect, useState } from "react";
import { Icon } from "../parts/Icon";
import { BROWSER } from "../state/browserEnvironment";
import { call } from "../stash/client";
import { Marks, type Mark } from "./marks";
import { areMarksOn } from "./marksSwitch";

let marks: Marks | null = null;

function shared(): Marks {
  marks ??= new Marks({ ...BROWSER, ask: (ids) => call("scene_states", { ids }) });
  return marks;
}

const LOOK = {
  waiting: { text: "PlexSync: waits to be synced", icon: "faClock", level: "info" },
  failed: { text: "PlexSync: failed for good", icon: "faTriangleExclamation", level: "danger" },
} as const;

/** A mark on a scene's card if the scene waits or has failed; nothing for any other. */
export function CardMark({ scene }: { scene: number }): React.JSX.Element | null {
  return scene > 0 && areMarksOn() ? <Marked scene={scene} /> : null;
}

function Marked({ scene }: { scene: number }): React.JSX.Element | null {
  const [mark, setMark] = useState<Mark>(shared().of(scene));
  useEffect(() => shared().show(scene, () => setMark(shared().of(scene))), [scene]);
  if (mark === null) return null;
  const { text, icon, level } = LOOK[mark];
  return (
    <span
      className={`badge badge-${level} plexsync-mark`}
      role="img"
      aria-label={text}
      title={text}
      data-testid="plexsync-mark"
      data-state={mark}
    >
      <Icon name={icon} />
    </span>
  );
}
