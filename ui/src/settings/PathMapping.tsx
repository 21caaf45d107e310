import React, { useState } from "react";
import { Button, Form } from "react-bootstrap";
import type { CheckedPaths, PathPair, PathsAnswer } from "../calls";
import { ErrorAlert } from "../parts/ErrorAlert";
import { Icon } from "../parts/Icon";
import { Loaded, Notice } from "../parts/Notice";
import { useAction } from "../parts/useAction";
import { useCall } from "../state/useCall";
import { call } from "../stash/client";
import { CheckResult, Offer } from "./CheckResult";
import { useSettingsState } from "./context";
import { readPathMap, withPairs, writePathMap } from "./pathMap";

const NEW_PAIR: PathPair = { source: "", target: "" };

/** The folders that Stash and Plex see under different names, as a table of pairs. */
export function PathMapping(): React.JSX.Element | null {
  const { answer, row } = useSettingsState();
  const setting = row("path_map");
  const version = [row("plex_url")?.value, answer.token, setting?.value].join("\n");
  const paths = useCall("paths", {}, version);
  if (!setting) return null;
  return (
    <div id="plexsync-part-paths" tabIndex={-1} data-testid="plexsync-paths">
      <h3>{setting.label}</h3>
      <p className="sub-heading">
        Needed only where Plex sees the files in other folders than Stash. Without a pair PlexSync
        uses folder names, file name and size.
      </p>
      {setting.problem && <Notice level="danger">{setting.problem}</Notice>}
      <Loaded of={paths}>
        {(loaded) => (
          <Table key={String(setting.value)} loaded={loaded} stored={String(setting.value)} />
        )}
      </Loaded>
    </div>
  );
}

function Table({ loaded, stored }: { loaded: PathsAnswer; stored: string }): React.JSX.Element {
  const { save } = useSettingsState();
  const [isBusy, act] = useAction();
  const [pairs, setPairs] = useState(() => readPathMap(stored));
  const [checked, setChecked] = useState<CheckedPaths | null>(null);
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [error, setError] = useState("");
  const written = writePathMap(pairs);
  const storedText = writePathMap(readPathMap(stored)).text;

  const change = (next: PathPair[]): void => {
    setPairs(next);
    setChecked(null);
    setErrors({});
    setError("");
  };
  const isWrong = (): boolean => {
    setErrors(written.errors);
    return Object.keys(written.errors).length > 0;
  };
  const check = (): void => {
    if (isWrong()) return;
    const rows = withPairs(pairs, []);
    setPairs(rows);
    void act(async () => {
      const result = await call("check_paths", { pairs: rows });
      setErrors(result.errors);
      setChecked(Object.keys(result.errors).length > 0 ? null : result);
      return "";
    });
  };
  const store = (event: React.FormEvent): void => {
    event.preventDefault();
    if (isWrong()) return;
    let wrong = "";
    void act(async () => {
      wrong = (await save({ path_map: written.text || null })).path_map ?? "";
      return wrong ? "" : "Path mapping: saved.";
    }).then(() => setError(wrong));
  };
  return (
    <Form onSubmit={store}>
      {loaded.problem && <Notice level="warning">{loaded.problem}</Notice>}
      <Folders id="plexsync-stash-folders" folders={loaded.stash_folders} />
      <Folders id="plexsync-plex-folders" folders={loaded.plex_folders} />
      {pairs.map((pair, place) => (
        <PairRow
          key={place}
          place={place}
          pair={pair}
          error={errors[place] ?? ""}
          onChange={(next) => change(pairs.map((one, other) => (other === place ? next : one)))}
          onRemove={() => change(pairs.filter((_, other) => other !== place))}
        />
      ))}
      {pairs.length === 0 && <p className="text-muted">No pair is set.</p>}
      <ErrorAlert text={error} />
      <div className="plexsync-buttons mb-3">
        <Button variant="secondary" onClick={() => change([...pairs, NEW_PAIR])}>
          <Icon name="faPlus" /> Add a pair
        </Button>
        <Button variant="secondary" disabled={isBusy} onClick={check}>
          Check
        </Button>
        <Button type="submit" disabled={isBusy || written.text === storedText}>
          Save mapping
        </Button>
      </div>
      {checked && <CheckResult checked={checked} pairs={pairs} onTake={change} />}
      <Offer
        title="PlexSync has learned from your files"
        pairs={loaded.learned}
        known={pairs}
        onTake={(pair) => change(withPairs(pairs, [pair]))}
      />
    </Form>
  );
}

function Folders({ id, folders }: { id: string; folders: string[] }): React.JSX.Element {
  return (
    <datalist id={id}>
      {folders.map((folder) => (
        <option key={folder} value={folder} />
      ))}
    </datalist>
  );
}

function PairRow(props: {
  place: number;
  pair: PathPair;
  error: string;
  onChange: (pair: PathPair) => void;
  onRemove: () => void;
}): React.JSX.Element {
  const { place, pair, error, onChange } = props;
  const number = place + 1;
  return (
    <div className="plexsync-pair" data-testid="plexsync-pair">
      <Form.Control
        className="text-input"
        aria-label={`Folder in Stash, pair ${number}`}
        placeholder="Folder in Stash: /data"
        list="plexsync-stash-folders"
        value={pair.source}
        isInvalid={error !== ""}
        onChange={(event) => onChange({ ...pair, source: event.target.value })}
      />
      <span aria-hidden="true">⇒</span>
      <Form.Control
        className="text-input"
        aria-label={`Folder in Plex, pair ${number}`}
        placeholder="Folder in Plex: /media"
        list="plexsync-plex-folders"
        value={pair.target}
        isInvalid={error !== ""}
        onChange={(event) => onChange({ ...pair, target: event.target.value })}
      />
      <Button
        variant="secondary"
        aria-label={`Remove pair ${number}`}
        title={`Remove pair ${number}`}
        onClick={props.onRemove}
      >
        <Icon name="faTrash" />
      </Button>
      <ErrorAlert text={error} isWide />
    </div>
  );
}
