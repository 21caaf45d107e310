// The tabs of the page, in their order. A row here is all that a new tab needs.
import type { ComponentType } from "react";
import { SettingsTab } from "../settings/places";
import { DeadLetters } from "../tabs/DeadLetters";
import { Outages } from "../tabs/Outages";
import { Overview } from "../tabs/Overview";
import { Queue } from "../tabs/Queue";
import { Reconciliation } from "../tabs/Reconciliation";
import { Tools } from "../tabs/Tools";

export interface Tab {
  /** Stands in the address: `/plexsync?tab=<id>`; problems name it, too. */
  id: string;
  title: string;
  Component: ComponentType;
}

export const TABS: readonly Tab[] = [
  { id: "overview", title: "Overview", Component: Overview },
  { id: "queue", title: "Queue", Component: Queue },
  { id: "dead_letters", title: "Dead letters", Component: DeadLetters },
  { id: "outages", title: "Outages", Component: Outages },
  { id: "reconciliation", title: "Reconciliation", Component: Reconciliation },
  { id: "tools", title: "Tools and log", Component: Tools },
  { id: "settings", title: "Settings", Component: SettingsTab },
];
