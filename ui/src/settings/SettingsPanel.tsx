import React from "react";
import type { SettingRow, SettingsAnswer } from "../calls";
import { Loaded } from "../parts/Notice";
import { useCall } from "../state/useCall";
import { Connect } from "./Connect";
import { SettingsContext, type SettingsState } from "./context";
import { Libraries } from "./Libraries";
import { MarksSwitch } from "./MarksSwitch";
import { PathMapping } from "./PathMapping";
import { SettingField } from "./SettingField";
import type { Changes } from "./map";
import { useQueryValues } from "../page/address";
import { useScrollTo } from "./useScrollTo";
import { useSaver, type Write } from "./useSaver";

/** Rows that have a part of their own. */
const SPECIAL = new Set(["plex_url", "plex_token", "plex_libraries", "path_map", "library_rules"]);

/** Every setting as it counts, in the order of use. */
export function SettingsPanel({ write }: { write: Write }): React.JSX.Element {
  const settings = useCall("settings", {});
  const { answer, reload } = settings;
  const { shown, save } = useSaver(answer, write, reload);
  return (
    <Loaded of={settings}>
      {(loaded) => {
        const state: SettingsState = {
          answer: loaded,
          row: (name) =>
            withChange(
              loaded.rows.find((row) => row.name === name),
              shown,
            ),
          save,
          reload,
        };
        return (
          <SettingsContext.Provider value={state}>
            <Groups answer={loaded} />
          </SettingsContext.Provider>
        );
      }}
    </Loaded>
  );
}

function Groups({ answer }: { answer: SettingsAnswer }): React.JSX.Element {
  useScrollTo(useQueryValues()[0]("part"));
  return (
    <>
      {answer.groups.map((group) => (
        <section
          key={group.id}
          id={`plexsync-group-${group.id}`}
          className="plexsync-group"
          aria-labelledby={`plexsync-title-${group.id}`}
        >
          <h2 id={`plexsync-title-${group.id}`}>{group.title}</h2>
          {group.id === "connection" && <Connect />}
          {group.id === "libraries" && (
            <>
              <Libraries />
              <PathMapping />
            </>
          )}
          {answer.rows
            .filter((row) => row.group === group.id && !SPECIAL.has(row.name))
            .map((row) => (
              <SettingField key={row.name} name={row.name} />
            ))}
        </section>
      ))}
      <section className="plexsync-group" aria-labelledby="plexsync-title-browser">
        <h2 id="plexsync-title-browser">This browser</h2>
        <MarksSwitch />
      </section>
      {answer.unknown.length > 0 && (
        <p className="text-muted" data-testid="plexsync-unknown">
          Stash also stores values that PlexSync does not know and ignores:{" "}
          {answer.unknown.join(", ")}.
        </p>
      )}
    </>
  );
}

function withChange(row: SettingRow | undefined, shown: Changes): SettingRow | undefined {
  if (!row || !(row.name in shown)) return row;
  const value = shown[row.name] ?? row.default;
  return { ...row, value, is_default: value === row.default, problem: "" };
}
