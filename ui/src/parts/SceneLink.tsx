import React from "react";
import { Link } from "react-router-dom";
import type { SceneText } from "../stash/scenes";

/** A scene's cover and title, linked to its page in Stash. */
export function SceneLink(props: {
  scene: number;
  text: SceneText | undefined;
  /** Shown where Stash no longer has the scene. */
  title: string;
}): React.JSX.Element {
  const title = props.text?.title ?? (props.title || `Scene ${props.scene}`);
  return (
    <Link to={`/scenes/${props.scene}`} className="plexsync-scene-link">
      {props.text?.screenshot && <img src={props.text.screenshot} alt="" loading="lazy" />}
      <span>{title}</span>
    </Link>
  );
}
