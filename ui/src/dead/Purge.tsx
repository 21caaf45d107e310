import React, { useState } from "react";
import { Button, Form } from "react-bootstrap";
import { counted } from "../format";
import { useConfirm } from "../parts/Confirm";
import { call } from "../stash/client";

const MAX_DAYS = 3_650;

/** Deletes what failed long ago. */
export function Purge({ onDone }: { onDone: () => void }): React.JSX.Element {
  const ask = useConfirm();
  const [text, setText] = useState("30");
  const days = Number(text);
  const isBad = text.trim() === "" || !Number.isInteger(days) || days < 0 || days > MAX_DAYS;
  const purge = async (event: React.FormEvent): Promise<void> => {
    event.preventDefault();
    if (isBad) return;
    const isDone = await ask({
      title: "Purge old dead letters",
      describe: (count) =>
        `${counted(count, "dead letter")} older than ${counted(days, "day")} will be deleted.`,
      button: "Purge",
      nothing: "No dead letter is that old.",
      run: (confirm) => call("purge_dead_letters", { days, confirm }),
    });
    if (isDone) onDone();
  };
  return (
    <Form className="plexsync-bar mt-3" onSubmit={(event) => void purge(event)} noValidate>
      <Form.Label htmlFor="plexsync-purge-days" className="mb-0">
        Purge dead letters older than
      </Form.Label>
      <Form.Control
        id="plexsync-purge-days"
        className="text-input plexsync-days"
        type="number"
        min={0}
        max={MAX_DAYS}
        value={text}
        isInvalid={isBad}
        onChange={(event) => setText(event.target.value)}
      />
      <span>days</span>
      <Button type="submit" size="sm" variant="danger" disabled={isBad}>
        Purge
      </Button>
      {isBad && <span role="alert">Enter whole days from 0 to {MAX_DAYS}.</span>}
    </Form>
  );
}
