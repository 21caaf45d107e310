import React, { useState } from "react";
import { Button } from "react-bootstrap";
import { useConfirm } from "../parts/Confirm";
import { Notice } from "../parts/Notice";
import { call } from "../stash/client";
import { ByHand } from "./ByHand";
import { useSettingsState } from "./context";
import { SignIn } from "./SignIn";

const TOKEN_TEXT = {
  none: "No Plex token is stored, so PlexSync writes nothing to Plex. Changes stay in the queue.",
  file: "A Plex token is stored in PlexSync's data folder.",
  settings:
    "The Plex token is in Stash's settings, where everyone who may use Stash can read it. The " +
    "worker moves it to PlexSync's data folder within a few minutes.",
} as const;

/** Connect to Plex: by signing in, or with a URL and a token. */
export function Connect(): React.JSX.Element {
  const { answer, row, reload } = useSettingsState();
  const confirm = useConfirm();
  const [tests, setTests] = useState(0);
  const url = row("plex_url")?.value;

  const disconnect = async (): Promise<void> => {
    await confirm({
      title: "Disconnect from Plex",
      describe: () =>
        "PlexSync deletes its Plex token. It then writes nothing to Plex until you connect again; " +
        "changes stay in the queue.",
      button: "Disconnect",
      nothing: "The Plex token is deleted.",
      run: async (agreed) => {
        if (agreed === null) return { count: 1, is_done: false };
        const done = await call("disconnect", {});
        return { count: 1, is_done: true, text: done.text ?? "" };
      },
    });
    reload();
  };
  return (
    <div id="plexsync-part-connection" tabIndex={-1} data-testid="plexsync-connect">
      <h3>Connect to Plex</h3>
      <p data-testid="plexsync-token" data-state={answer.token}>
        {url ? `Plex URL: ${String(url)}. ` : "No Plex URL is set. "}
        {TOKEN_TEXT[answer.token]}
      </p>
      {["plex_url", "plex_token"].map((name) => {
        const problem = row(name)?.problem;
        return problem ? (
          <Notice key={name} level="danger">
            {row(name)?.label}: {problem}
          </Notice>
        ) : null;
      })}
      <SignIn onConnected={() => setTests((count) => count + 1)} />
      {answer.token !== "none" && (
        <Button variant="danger" className="mb-3" onClick={() => void disconnect()}>
          Disconnect
        </Button>
      )}
      <ByHand test={tests} />
    </div>
  );
}
