import React from "react";
import { pluginApi } from "../stash/api";

/** Draws an icon of Font Awesome, for example `faCheck`; it says nothing to a screen reader. */
export function Icon({ name }: { name: string }): React.JSX.Element | null {
  const definition = pluginApi().libraries.FontAwesomeSolid[name];
  if (!definition) return null; // an older Stash may lack one
  const [width, height, , , path] = definition.icon;
  return (
    <svg
      className="plexsync-icon"
      viewBox={`0 0 ${width} ${height}`}
      aria-hidden="true"
      focusable="false"
    >
      <path fill="currentColor" d={typeof path === "string" ? path : path.join(" ")} />
    </svg>
  );
}
