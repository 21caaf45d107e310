import { useCallback, useState } from "react";
import { refreshSnapshot } from "../state/snapshot";
import { pluginApi } from "../stash/api";
import { sentenceOf } from "../stash/errors";

/**
 * Returns whether an action runs, and a function that runs one: its text is shown as a toast, an
 * error as a sentence, and the snapshot is asked for afterwards. It resolves to false on an error.
 */
export function useAction(): [boolean, (run: () => Promise<string>) => Promise<boolean>] {
  const toast = pluginApi().hooks.useToast();
  const [isBusy, setIsBusy] = useState(false);
  const act = useCallback(
    async (run: () => Promise<string>) => {
      setIsBusy(true);
      try {
        const text = await run();
        if (text) toast.success(text);
        return true;
      } catch (error) {
        toast.error(sentenceOf(error));
        return false;
      } finally {
        setIsBusy(false);
        refreshSnapshot();
      }
    },
    [toast],
  );
  return [isBusy, act];
}
