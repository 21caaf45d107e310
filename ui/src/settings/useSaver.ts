import { useCallback, useEffect, useRef, useState } from "react";
import type { SettingsAnswer } from "../calls";
import { refreshSnapshot } from "../state/snapshot";
import { call } from "../stash/client";
import { readSettings } from "../stash/settings";
import type { Changes, StoredMap } from "./map";
import { Saver } from "./saver";
import type { Value } from "./values";

/** How a whole map is stored: it depends on where the settings are shown. */
export type Write = (map: StoredMap) => Promise<void> | void;

interface Saving {
  /** Values that are being saved, and those that are stored but not read again yet. */
  shown: Changes;
  save: (changes: Changes, isChecked?: boolean) => Promise<Record<string, string>>;
}

/** Returns a function that checks and saves changes, and what to show until they are read again. */
export function useSaver(answer: SettingsAnswer | null, write: Write, reload: () => void): Saving {
  const [shown, setShown] = useState<Changes>({});
  const newest = useRef({ answer, write, reload, saving: 0 });
  newest.current = { ...newest.current, answer, write, reload };
  const saver = useRef<Saver | null>(null);
  saver.current ??= new Saver({
    read: readSettings,
    write: async (map) => newest.current.write(map),
    wait: (durationMs) => new Promise((done) => window.setTimeout(done, durationMs)),
  });

  useEffect(() => {
    if (newest.current.saving === 0) setShown({});
  }, [answer]);

  const save = useCallback(
    async (changes: Changes, isChecked = false): Promise<Record<string, string>> => {
      const rows = newest.current.answer?.rows ?? [];
      const typed = Object.entries(changes).filter((entry): entry is [string, Value] => {
        const row = rows.find((one) => one.name === entry[0]);
        return entry[1] !== null && row?.type !== "BOOLEAN" && row?.choices.length === 0;
      });
      newest.current.saving++;
      setShown((before) => ({ ...before, ...changes }));
      try {
        if (typed.length > 0 && !isChecked) {
          const checked = await call("check_settings", { changes: Object.fromEntries(typed) });
          if (Object.keys(checked.errors).length > 0) return checked.errors;
        }
        await saver.current?.save(rows, changes);
        return {};
      } finally {
        newest.current.saving--;
        newest.current.reload();
        refreshSnapshot();
      }
    },
    [],
  );

  return { shown, save };
}
