import React, { createContext, useCallback, useContext, useRef, useState } from "react";
import { Button, Modal } from "react-bootstrap";
import type { Confirmed } from "../calls";
import { refreshSnapshot } from "../state/snapshot";
import { pluginApi } from "../stash/api";
import { sentenceOf } from "../stash/errors";

/** Something that deletes or overwrites, and the dialog that names how much. */
export interface Question {
  title: string;
  /** Says what happens to so many things. */
  describe: (count: number) => string;
  /** The text of the button that does it. */
  button: string;
  /** Says that there is nothing to do. */
  nothing: string;
  /** Calls PlexSync: with null it only counts. */
  run: (confirm: number | null) => Promise<Confirmed>;
}

interface Pending {
  question: Question;
  count: number;
  finish: (isDone: boolean) => void;
}

type Ask = (question: Question) => Promise<boolean>;

const Context = createContext<Ask>(() => Promise.resolve(false));

/** Returns a function that asks the user; it resolves to true once the thing was done. */
export function useConfirm(): Ask {
  return useContext(Context);
}

export function ConfirmProvider({ children }: { children: React.ReactNode }): React.JSX.Element {
  const toast = pluginApi().hooks.useToast();
  const [pending, setPending] = useState<Pending | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const first = useRef<HTMLButtonElement>(null);

  const finish = useCallback(
    (result: Confirmed, question: Question, done: (isDone: boolean) => void) => {
      if (!result.is_done && result.count > 0) {
        // The first answer, or more has come since: show the number as it is now.
        setPending({ question, count: result.count, finish: done });
        return;
      }
      setPending(null);
      toast.success(result.is_done && result.text ? result.text : question.nothing);
      refreshSnapshot();
      done(result.is_done);
    },
    [toast],
  );

  const ask = useCallback<Ask>(
    (question) =>
      new Promise((done) => {
        question.run(null).then(
          (result) => finish(result, question, done),
          (error: unknown) => {
            toast.error(sentenceOf(error));
            done(false);
          },
        );
      }),
    [finish, toast],
  );

  const cancel = (): void => {
    pending?.finish(false);
    setPending(null);
  };

  const confirm = async (): Promise<void> => {
    if (!pending) return;
    setIsBusy(true);
    try {
      finish(await pending.question.run(pending.count), pending.question, pending.finish);
    } catch (error) {
      toast.error(sentenceOf(error));
      cancel();
    }
    setIsBusy(false);
  };

  return (
    <Context.Provider value={ask}>
      {children}
      {pending && (
        <Modal
          show
          onHide={cancel}
          // The modal takes the focus itself when it opens.
          onEntered={() => first.current?.focus()}
          centered
          aria-labelledby="plexsync-confirm"
        >
          <Modal.Header>
            <Modal.Title as="h2" className="h5" id="plexsync-confirm">
              {pending.question.title}
            </Modal.Title>
          </Modal.Header>
          <Modal.Body>{pending.question.describe(pending.count)}</Modal.Body>
          <Modal.Footer>
            <Button variant="secondary" onClick={cancel} disabled={isBusy} ref={first}>
              Cancel
            </Button>
            <Button variant="danger" onClick={() => void confirm()} disabled={isBusy}>
              {pending.question.button}
            </Button>
          </Modal.Footer>
        </Modal>
      )}
    </Context.Provider>
  );
}
