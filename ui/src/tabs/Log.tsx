import React, { useEffect, useRef, useState } from "react";
import { Button, Form } from "react-bootstrap";
import type { LogLine, ReadLog } from "../calls";
import { Loaded } from "../parts/Notice";
import { useCall } from "../state/useCall";

const LEVELS: NonNullable<ReadLog["level"]>[] = ["debug", "info", "warning", "error"];
const LINES = [100, 200, 500, 1_000];

/** The tail of the worker's log. */
export function Log(): React.JSX.Element {
  const [level, setLevel] = useState<NonNullable<ReadLog["level"]>>("info");
  const [lines, setLines] = useState(200);
  const log = useCall("log", { lines, level });
  return (
    <section aria-label="Log" data-testid="plexsync-log">
      <h2>Log</h2>
      <div className="plexsync-bar">
        <Form.Control
          className="text-input"
          as="select"
          size="sm"
          aria-label="Level"
          value={level}
          onChange={(event) => setLevel(event.target.value as typeof level)}
        >
          {LEVELS.map((one) => (
            <option key={one} value={one}>
              {one} and above
            </option>
          ))}
        </Form.Control>
        <Form.Control
          className="text-input"
          as="select"
          size="sm"
          aria-label="Lines"
          value={lines}
          onChange={(event) => setLines(Number(event.target.value))}
        >
          {LINES.map((count) => (
            <option key={count} value={count}>
              {count} lines
            </option>
          ))}
        </Form.Control>
        <Button size="sm" variant="secondary" disabled={log.isLoading} onClick={log.reload}>
          Refresh
        </Button>
      </div>
      <Loaded of={log}>{(answer) => <Lines lines={answer.lines} />}</Loaded>
    </section>
  );
}

const LEVEL_CLASS: Record<string, string> = { warning: "text-warning", error: "text-danger" };

function Lines({ lines }: { lines: LogLine[] }): React.JSX.Element {
  const box = useRef<HTMLPreElement>(null);
  useEffect(() => {
    // The newest lines are the last ones.
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines]);
  if (lines.length === 0) return <p className="text-muted">No line of this level.</p>;
  return (
    // A box that scrolls must be reachable by keyboard.
    <pre
      ref={box}
      className="plexsync-text plexsync-log"
      role="region"
      aria-label="Lines of the log"
      tabIndex={0}
    >
      {lines.map((line, place) => (
        <div key={place} className={LEVEL_CLASS[line.level] ?? ""}>
          {line.text}
        </div>
      ))}
    </pre>
  );
}
