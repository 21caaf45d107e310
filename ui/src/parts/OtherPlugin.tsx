import React, { useState } from "react";
import { Button, Form } from "react-bootstrap";
import type { OtherSetting } from "../calls";
import { useCall } from "../state/useCall";
import { call } from "../stash/client";
import { useAction } from "./useAction";

/** Offers the settings of another plugin for Plex; nothing where none has stored any. */
export function OtherPlugin({ onTaken }: { onTaken: () => void }): React.JSX.Element | null {
  const { answer, reload } = useCall("other_plugin", {});
  const [preserve, setPreserve] = useState(false);
  const [isBusy, act] = useAction();
  if (answer === null) return null;
  const take = async (): Promise<void> => {
    await act(async () => (await call("take_settings", { preserve })).text ?? "");
    reload();
    onTaken();
  };
  const canTake = answer.taken.length > 0 || answer.asks_preserve;
  return (
    <>
      {answer.earlier_address && (
        <p data-testid="plexsync-earlier-address">
          The address of Plex, <code>{answer.earlier_address}</code>, comes from an earlier plugin
          of the same name and is used as it is.
        </p>
      )}
      {answer.plugin && (
        <section data-testid="plexsync-other-plugin" aria-label={`Settings of ${answer.plugin}`}>
          <h3>Settings of {answer.plugin}</h3>
          {canTake ? (
            <p>These settings are stored for {answer.plugin} and can be taken over.</p>
          ) : (
            <p>Nothing is left to take over from {answer.plugin}.</p>
          )}
          <Listed title="Are taken over" rows={answer.taken} />
          {answer.kept.length > 0 && <p>Set here already, and stay: {answer.kept.join(", ")}.</p>}
          <Listed title="Cannot be used" rows={answer.unusable} />
          <Listed title="Have no counterpart" rows={answer.without} />
          {answer.asks_preserve && (
            <Form.Check
              type="checkbox"
              id="plexsync-other-preserve"
              checked={preserve}
              onChange={(event) => setPreserve(event.target.checked)}
              label={
                `${answer.plugin} left every field alone that had a value in Plex. PlexSync can ` +
                "keep the values that were edited by hand in Plex; the others get Stash's. Keep them."
              }
            />
          )}
          {canTake && (
            <Button variant="primary" disabled={isBusy} onClick={() => void take()}>
              Take over
            </Button>
          )}
        </section>
      )}
    </>
  );
}

interface ListedProps {
  title: string;
  rows: OtherSetting[];
}

function Listed({ title, rows }: ListedProps): React.JSX.Element | null {
  if (rows.length === 0) return null;
  return (
    <>
      <h4>{title}</h4>
      <ul>
        {rows.map((row) => (
          <li key={row.name}>
            <strong>{row.name}:</strong> {row.text}
          </li>
        ))}
      </ul>
    </>
  );
}
