// What the parts of the settings page share.
import { createContext, useContext } from "react";
import type { SettingRow, SettingsAnswer } from "../calls";
import type { Changes } from "./map";

export interface SettingsState {
  answer: SettingsAnswer;
  /** The row of that name, with a value that is being saved in place of the stored one. */
  row: (name: string) => SettingRow | undefined;
  /**
   * Checks and stores values; returns what is wrong with them by name, {} once they are stored.
   * Rejects where Stash or PlexSync does not answer. `isChecked`: the values come from PlexSync.
   */
  save: (changes: Changes, isChecked?: boolean) => Promise<Record<string, string>>;
  reload: () => void;
}

export const SettingsContext = createContext<SettingsState | null>(null);

export function useSettingsState(): SettingsState {
  const state = useContext(SettingsContext);
  if (!state) throw new Error("the settings are not loaded here");
  return state;
}
