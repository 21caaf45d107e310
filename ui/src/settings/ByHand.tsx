import React, { useCallback, useEffect, useState } from "react";
import { Button, Form, InputGroup } from "react-bootstrap";
import type { ConnectionReport } from "../calls";
import { ErrorAlert } from "../parts/ErrorAlert";
import { Icon } from "../parts/Icon";
import { useAction } from "../parts/useAction";
import { call } from "../stash/client";
import { useSettingsState } from "./context";
import { Report } from "./Report";

/** URL and token typed by hand, and a test that says what is right and wrong with them. */
export function ByHand({ test }: { test: number }): React.JSX.Element {
  const { row, save, reload } = useSettingsState();
  const [isBusy, act] = useAction();
  const [draft, setDraft] = useState<string | null>(null);
  const [token, setToken] = useState("");
  const [error, setError] = useState("");
  const [report, setReport] = useState<ConnectionReport | null>(null);
  const urlRow = row("plex_url");
  const stored = String(urlRow?.value ?? "");
  const url = draft ?? stored;
  const isChanged = url.trim() !== stored || token.trim() !== "";

  const runTest = useCallback(
    (typedUrl: string, typedToken: string) =>
      act(async () => {
        setReport(null);
        setReport(await call("test_connection", { url: typedUrl, token: typedToken }));
        return "";
      }),
    [act],
  );
  useEffect(() => {
    if (test > 0) void runTest("", "");
  }, [test, runTest]);

  const store = async (): Promise<void> => {
    let wrong = "";
    setError("");
    const isStored = await act(async () => {
      if (url.trim() !== stored) {
        wrong = (await save({ plex_url: url.trim() || null })).plex_url ?? "";
        if (wrong) return "";
      }
      if (token.trim() === "") return "Plex URL: saved.";
      const done = await call("save_token", { token });
      return done.text ?? "";
    });
    setError(wrong);
    if (!isStored || wrong) return;
    setDraft(null);
    setToken("");
    reload();
    await runTest("", "");
  };
  const submit = (event: React.FormEvent): void => {
    event.preventDefault();
    void store();
  };
  return (
    <Form onSubmit={submit} noValidate data-testid="plexsync-by-hand">
      <h3>By hand</h3>
      <Form.Group controlId="plexsync-url">
        <Form.Label>{urlRow?.label ?? "Plex URL"}</Form.Label>
        <Form.Control
          className="text-input"
          type="url"
          value={url}
          placeholder="http://192.168.1.10:32400"
          isInvalid={error !== ""}
          aria-describedby="plexsync-url-about"
          disabled={isBusy}
          onChange={(event) => setDraft(event.target.value)}
        />
        <Form.Text id="plexsync-url-about">{urlRow?.purpose}</Form.Text>
        <ErrorAlert text={error} />
      </Form.Group>
      <TokenField value={token} isBusy={isBusy} onChange={setToken} />
      <div className="plexsync-buttons mb-3">
        <Button variant="secondary" disabled={isBusy} onClick={() => void runTest(url, token)}>
          Test
        </Button>
        <Button type="submit" variant="primary" disabled={isBusy || !isChanged}>
          Save
        </Button>
      </div>
      {report && <Report report={report} />}
    </Form>
  );
}

function TokenField(props: {
  value: string;
  isBusy: boolean;
  onChange: (value: string) => void;
}): React.JSX.Element {
  const [isShown, setIsShown] = useState(false);
  return (
    <Form.Group controlId="plexsync-token-field">
      <Form.Label>Plex token</Form.Label>
      <InputGroup>
        <Form.Control
          className="text-input"
          type={isShown ? "text" : "password"}
          autoComplete="off"
          spellCheck={false}
          value={props.value}
          placeholder="Leave it empty to keep the stored one"
          disabled={props.isBusy}
          onChange={(event) => props.onChange(event.target.value)}
        />
        <InputGroup.Append>
          <Button
            variant="secondary"
            aria-label={isShown ? "Hide the token" : "Show the token"}
            title={isShown ? "Hide the token" : "Show the token"}
            aria-pressed={isShown}
            onClick={() => setIsShown(!isShown)}
          >
            <Icon name={isShown ? "faEyeSlash" : "faEye"} />
          </Button>
        </InputGroup.Append>
      </InputGroup>
      <Form.Text>
        Of the account that owns the server. It is kept in PlexSync's data folder.
      </Form.Text>
    </Form.Group>
  );
}
