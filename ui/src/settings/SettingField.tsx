import React, { useState } from "react";
import { Button, Form, InputGroup } from "react-bootstrap";
import type { SettingRow } from "../calls";
import { ErrorAlert } from "../parts/ErrorAlert";
import { useAction } from "../parts/useAction";
import { useSettingsState } from "./context";
import { boundsOf, problemOf, textOf, valueOf, type Value } from "./values";

/** Texts with several entries. */
const LONG = new Set([
  "match_overrides",
  "excluded_tags",
  "excluded_paths",
  "required_tags",
  "included_paths",
]);

interface Shared {
  row: SettingRow;
  isBusy: boolean;
  error: string;
  /** Resolves to true once the value is stored; null is the default. */
  store: (value: Value | null) => Promise<boolean>;
}

/** One setting: what it does, its value as it counts, and a way back to the default. */
export function SettingField({ name }: { name: string }): React.JSX.Element | null {
  const { row: find, save } = useSettingsState();
  const [isBusy, act] = useAction();
  const [error, setError] = useState("");
  const row = find(name);
  if (!row) return null;

  const store = async (value: Value | null): Promise<boolean> => {
    let wrong = "";
    setError("");
    const isStored = await act(async () => {
      wrong = (await save({ [name]: value }))[name] ?? "";
      return wrong ? "" : `${row.label}: saved.`;
    });
    setError(wrong);
    return isStored && !wrong;
  };
  const shared = { row, isBusy, error, store };
  const shownError = error || row.problem;
  return (
    <div className="setting plexsync-setting" data-setting={name}>
      <div>
        <h3>{row.label}</h3>
        <div className="sub-heading" id={`plexsync-about-${name}`}>
          {row.purpose} {boundsOf(row)}
        </div>
        <DefaultMark {...shared} />
      </div>
      <div className="plexsync-value">
        <Control {...shared} />
        <ErrorAlert text={shownError} id={`plexsync-error-${name}`} />
      </div>
    </div>
  );
}

function DefaultMark({ row, isBusy, store }: Shared): React.JSX.Element {
  if (row.is_default && !row.problem) {
    return (
      <span className="badge badge-secondary" data-testid="plexsync-default">
        Default
      </span>
    );
  }
  return (
    <Button variant="secondary" size="sm" disabled={isBusy} onClick={() => void store(null)}>
      Reset<span className="sr-only"> {row.label}</span> to default: {row.default_text}
    </Button>
  );
}

function Control(props: Shared): React.JSX.Element {
  if (props.row.type === "BOOLEAN") return <SwitchControl {...props} />;
  if (props.row.choices.length > 0) return <ChoiceControl {...props} />;
  return <TextControl {...props} />;
}

function describedBy({ row, error }: Shared): string {
  return error
    ? `plexsync-about-${row.name} plexsync-error-${row.name}`
    : `plexsync-about-${row.name}`;
}

function SwitchControl(props: Shared): React.JSX.Element {
  const { row, isBusy, store } = props;
  const isOn = row.value === true;
  return (
    <Form.Check
      type="switch"
      id={`plexsync-field-${row.name}`}
      aria-label={row.label}
      aria-describedby={describedBy(props)}
      label={isOn ? "on" : "off"}
      checked={isOn}
      disabled={isBusy}
      onChange={() => void store(!isOn)}
    />
  );
}

function ChoiceControl(props: Shared): React.JSX.Element {
  const { row, isBusy, store } = props;
  return (
    <Form.Control
      className="text-input"
      as="select"
      aria-label={row.label}
      aria-describedby={describedBy(props)}
      value={String(row.value)}
      disabled={isBusy}
      onChange={(event) => void store(event.target.value)}
    >
      {row.choices.map((choice) => (
        <option key={choice} value={choice}>
          {choice === row.default ? `${choice} (default)` : choice}
        </option>
      ))}
    </Form.Control>
  );
}

/** A text or a number: stored with its button or with Enter, once nothing is wrong with it. */
function TextControl(props: Shared): React.JSX.Element {
  const { row, isBusy, error, store } = props;
  const [draft, setDraft] = useState<string | null>(null);
  const [isBad, setIsBad] = useState(false);
  const text = draft ?? textOf(row.value);
  const problem = isBad ? "This is not a number." : problemOf(row, text);
  const isNumber = row.type === "NUMBER";

  const submit = async (event: React.FormEvent): Promise<void> => {
    event.preventDefault();
    if (draft === null || problem || isBusy) return;
    if (await store(valueOf(row, draft))) setDraft(null);
  };
  const cancel = (): void => {
    setDraft(null);
    setIsBad(false);
  };
  return (
    <Form onSubmit={(event) => void submit(event)} noValidate>
      <InputGroup>
        <Form.Control
          className="text-input"
          {...(LONG.has(row.name) ? { as: "textarea" as const, rows: 2 } : {})}
          {...(isNumber
            ? {
                type: "number",
                min: row.lowest,
                max: row.highest,
                step: row.is_whole ? 1 : "any",
                inputMode: row.is_whole ? ("numeric" as const) : ("decimal" as const),
              }
            : {})}
          aria-label={row.label}
          aria-describedby={describedBy(props)}
          isInvalid={problem !== "" || error !== ""}
          value={text}
          disabled={isBusy}
          onChange={(event) => {
            setDraft(event.target.value);
            setIsBad((event.target as unknown as HTMLInputElement).validity.badInput);
          }}
          onKeyDown={(event: React.KeyboardEvent) => {
            if (event.key === "Escape") cancel();
          }}
        />
        {row.unit && (
          <InputGroup.Append>
            <InputGroup.Text>{row.unit}</InputGroup.Text>
          </InputGroup.Append>
        )}
      </InputGroup>
      <ErrorAlert text={problem} />
      {draft !== null && (
        <div className="plexsync-buttons">
          <Button type="submit" size="sm" variant="primary" disabled={isBusy || problem !== ""}>
            Save<span className="sr-only"> {row.label}</span>
          </Button>
          <Button size="sm" variant="secondary" disabled={isBusy} onClick={cancel}>
            Cancel
          </Button>
        </div>
      )}
    </Form>
  );
}
