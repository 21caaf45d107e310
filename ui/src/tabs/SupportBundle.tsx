import React, { useRef, useState } from "react";
import { Button, Modal } from "react-bootstrap";
import { Part } from "../parts/Facts";
import { saveFile } from "../parts/saveFile";
import { useAction } from "../parts/useAction";
import { call } from "../stash/client";

/** One text for a report: shown first, so that the user sees what is given away. */
export function SupportBundle(): React.JSX.Element {
  const [text, setText] = useState<string | null>(null);
  const [isBusy, act] = useAction();
  const read = async (): Promise<string> => {
    setText((await call("support_bundle", {})).text);
    return "";
  };
  return (
    <Part title="Support bundle" name="support">
      <p>
        Versions, settings without secrets, counters and the last lines of the log, for a report.
        Paths, titles, names and addresses are hidden.
      </p>
      <Button variant="secondary" disabled={isBusy} onClick={() => void act(read)}>
        Show the support bundle
      </Button>
      {text !== null && <Bundle text={text} onClose={() => setText(null)} />}
    </Part>
  );
}

function Bundle(props: { text: string; onClose: () => void }): React.JSX.Element {
  const area = useRef<HTMLTextAreaElement>(null);
  const [isCopied, setIsCopied] = useState(false);
  const copy = async (): Promise<void> => {
    setIsCopied(await copied(props.text, area.current));
  };
  return (
    <Modal show onHide={props.onClose} size="lg" aria-labelledby="plexsync-bundle">
      <Modal.Header>
        <Modal.Title as="h2" className="h5" id="plexsync-bundle">
          Support bundle
        </Modal.Title>
      </Modal.Header>
      <Modal.Body>
        <textarea
          ref={area}
          className="form-control text-input"
          rows={16}
          readOnly
          aria-label="Support bundle"
          value={props.text}
        />
      </Modal.Body>
      <Modal.Footer>
        <span role="status">{isCopied && "Copied."}</span>
        <Button variant="secondary" onClick={props.onClose}>
          Close
        </Button>
        <Button
          variant="secondary"
          onClick={() => saveFile("plexsync-support.txt", "text/plain", props.text)}
        >
          Save
        </Button>
        <Button variant="primary" onClick={() => void copy()}>
          Copy
        </Button>
      </Modal.Footer>
    </Modal>
  );
}

async function copied(text: string, area: HTMLTextAreaElement | null): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Browsers offer the clipboard on https and localhost only, and Stash mostly runs on http.
    area?.select();
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- the one way that works on http
    return document.execCommand("copy");
  }
}
