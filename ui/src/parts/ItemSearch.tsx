import React, { useState } from "react";
import { Button, Form, Modal } from "react-bootstrap";
import type { FoundItem, FoundItems } from "../calls";
import { call } from "../stash/client";
import { MATCH, PlexLink } from "./Candidates";
import { Notice } from "./Notice";
import { useAction } from "./useAction";

interface Props {
  /** What is searched for first, such as the scene's title. */
  text: string;
  isBusy: boolean;
  onChoose: (item: number) => void;
  onClose: () => void;
}

/** A dialog that searches Plex by title or file name, and lets the user choose an item. */
export function ItemSearch({ text, isBusy, onChoose, onClose }: Props): React.JSX.Element {
  const [typed, setTyped] = useState(text.slice(0, 200));
  const [found, setFound] = useState<FoundItems | null>(null);
  const [isSearching, act] = useAction();
  const search = (event: React.FormEvent): void => {
    event.preventDefault();
    if (typed.trim() === "") return;
    void act(async () => {
      setFound(await call("search_items", { text: typed.trim() }));
      return "";
    });
  };
  return (
    <Modal show onHide={onClose} centered scrollable size="lg" aria-labelledby="plexsync-search">
      <Modal.Header>
        <Modal.Title as="h2" className="h5" id="plexsync-search">
          Choose an item of Plex
        </Modal.Title>
      </Modal.Header>
      <Modal.Body data-testid="plexsync-search">
        <Form role="search" className="plexsync-bar" onSubmit={search}>
          <Form.Control
            className="text-input"
            aria-label="Title or file name in Plex"
            placeholder="Title or file name in Plex"
            value={typed}
            maxLength={200}
            autoFocus
            onChange={(event) => setTyped(event.target.value)}
          />
          <Button type="submit" disabled={isSearching}>
            Search
          </Button>
        </Form>
        <div aria-live="polite">
          {found && <Results found={found} isBusy={isBusy} onChoose={onChoose} />}
        </div>
      </Modal.Body>
      <Modal.Footer>
        <Button variant="secondary" onClick={onClose}>
          Cancel
        </Button>
      </Modal.Footer>
    </Modal>
  );
}

function Results(props: {
  found: FoundItems;
  isBusy: boolean;
  onChoose: (item: number) => void;
}): React.JSX.Element {
  const { items, has_more } = props.found;
  if (items.length === 0) return <p>Plex has no such item.</p>;
  return (
    <>
      {has_more && (
        <Notice level="info">
          There are more than {items.length} items. Type more of the title.
        </Notice>
      )}
      <ul className="list-unstyled plexsync-candidates">
        {items.map((item) => (
          <li key={item.item}>
            <ItemText item={item} />
            <Button
              size="sm"
              variant="secondary"
              disabled={props.isBusy}
              aria-label={`${MATCH}: ${item.title}`}
              onClick={() => props.onChoose(item.item)}
            >
              {MATCH}
            </Button>
          </li>
        ))}
      </ul>
    </>
  );
}

function ItemText({ item }: { item: FoundItem }): React.JSX.Element {
  return (
    <span className="plexsync-text">
      <PlexLink link={item.link}>{item.title}</PlexLink>
      {item.year !== null && ` (${item.year})`}, {item.library}
      <br />
      <small>{item.path}</small>
    </span>
  );
}
