import React from "react";
import { Button } from "react-bootstrap";
import type { CandidateRow } from "../calls";
import { words } from "../format";

/** The button that matches a scene with an item by hand. */
export const MATCH = "Match with this item";

/** Links to an item in Plex; its text only where the server is not known. */
export function PlexLink(props: { link: string; children: React.ReactNode }): React.JSX.Element {
  if (!props.link) return <>{props.children}</>;
  return (
    <a className="plexsync-link" href={props.link} target="_blank" rel="noopener noreferrer">
      {props.children}
    </a>
  );
}

/** The items that were looked at, with the evidence for each one. */
export function Candidates(props: {
  candidates: readonly CandidateRow[];
  isBusy: boolean;
  onMatch: (item: number) => void;
}): React.JSX.Element {
  if (props.candidates.length === 0) return <span className="text-muted">None was found.</span>;
  return (
    <ul className="list-unstyled mb-0 plexsync-candidates">
      {props.candidates.map((candidate) => (
        <li key={`${candidate.item ?? ""} ${candidate.text}`}>
          <CandidateText candidate={candidate} />
          {candidate.item !== null && (
            <Button
              size="sm"
              variant="secondary"
              disabled={props.isBusy}
              aria-label={`${MATCH}: ${candidate.path}`}
              onClick={() => props.onMatch(candidate.item ?? 0)}
            >
              {MATCH}
            </Button>
          )}
        </li>
      ))}
    </ul>
  );
}

function CandidateText({ candidate }: { candidate: CandidateRow }): React.JSX.Element {
  if (candidate.item === null) return <span className="plexsync-text">{candidate.text}</span>;
  return (
    <span className="plexsync-text">
      <PlexLink link={candidate.link}>{candidate.path || `Item ${candidate.item}`}</PlexLink>{" "}
      <small>
        {words(candidate.evidence)}, {Math.round(candidate.score * 100)} %
      </small>
    </span>
  );
}
