import React, { useEffect, useState } from "react";
import { Link } from "react-router-dom";
import { Icon } from "../parts/Icon";
import { ICON_INTERVAL_MS, NO_QUEUE_INTERVAL_MS, useSnapshot } from "../state/snapshot";
import { ROUTE } from "../stash/api";
import { LIGHT_CLASS, lightOf } from "./light";

/**
 * The icon in Stash's nav bar: a dot for the state, and the number of dead letters. Stash draws the
 * bar twice (wide and narrow), so nothing here has an id.
 */
export function NavIcon(): React.JSX.Element {
  const [intervalMs, setIntervalMs] = useState(ICON_INTERVAL_MS);
  const { value, error } = useSnapshot(intervalMs);
  const hasNoQueue = value !== null && value.queue === null;
  useEffect(() => {
    setIntervalMs(hasNoQueue ? NO_QUEUE_INTERVAL_MS : ICON_INTERVAL_MS);
  }, [hasNoQueue]);
  const light = lightOf(value, error !== null);
  const failed = value?.queue?.dead_letters ?? 0;
  const count = failed > 0 ? `, ${failed} failed for good` : "";
  const label = `PlexSync: ${light.text}${count}`;
  return (
    <Link
      to={ROUTE}
      className="nav-link btn minimal plexsync-nav"
      title={label}
      aria-label={label}
      data-testid="plexsync-nav"
      data-state={light.level}
    >
      <span className="plexsync-symbol" aria-hidden="true">
        <Icon name="faRotate" />
        <span className={`plexsync-dot bg-${LIGHT_CLASS[light.level]}`} />
      </span>
      {failed > 0 && (
        <span className="badge badge-danger plexsync-count" aria-hidden="true">
          {failed > 999 ? "999+" : failed}
        </span>
      )}
    </Link>
  );
}
