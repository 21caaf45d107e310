import React from "react";
import { Button } from "react-bootstrap";
import type { CheckedPaths, PathPair } from "../calls";
import { counted } from "../format";
import { Notice } from "../parts/Notice";
import { withPairs } from "./pathMap";

interface Props {
  checked: CheckedPaths;
  pairs: readonly PathPair[];
  onTake: (pairs: PathPair[]) => void;
}

/** How many scenes of a sample are found with a mapping, and what would find more. */
export function CheckResult({ checked, pairs, onTake }: Props): React.JSX.Element {
  const { sample, found_before, found_after } = checked;
  const isBetter = found_after >= found_before;
  return (
    <div data-testid="plexsync-check-result" role="status">
      <Notice level={found_after === sample ? "success" : isBetter ? "info" : "warning"}>
        {sample === 0
          ? "There is no scene to look at."
          : `Of ${counted(sample, "scene")}, ${found_before} are found in Plex with the stored ` +
            `mapping and ${found_after} with this one.`}
      </Notice>
      {checked.is_reversed && (
        <Notice level="warning">
          The pairs are the wrong way round: the left folder must be Stash&apos;s, the right one
          Plex&apos;s.{" "}
          <Button size="sm" variant="secondary" onClick={() => onTake(checked.turned)}>
            Turn the pairs
          </Button>
        </Notice>
      )}
      <Offer
        title="Files of the same name and size suggest"
        pairs={checked.proposed}
        known={pairs}
        onTake={(pair) => onTake(withPairs(pairs, [pair]))}
      />
      {checked.examples.length > 0 && (
        <details className="mb-3">
          <summary>Files that are not found with this mapping</summary>
          <ul className="plexsync-text">
            {checked.examples.map((path) => (
              <li key={path}>{path}</li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

/** Pairs that can be taken over; nothing where all are known. */
export function Offer(props: {
  title: string;
  pairs: readonly (PathPair & { files?: number })[];
  known: readonly PathPair[];
  onTake: (pair: PathPair) => void;
}): React.JSX.Element | null {
  const isKnown = (pair: PathPair): boolean =>
    props.known.some((one) => one.source === pair.source && one.target === pair.target);
  const pairs = props.pairs.filter((pair) => !isKnown(pair));
  if (pairs.length === 0) return null;
  return (
    <div className="mb-3">
      <p className="mb-1">{props.title}:</p>
      <ul className="list-unstyled">
        {pairs.map((pair) => (
          <li key={`${pair.source}\n${pair.target}`} className="plexsync-text mb-1">
            <Button
              size="sm"
              variant="secondary"
              aria-label={`Take over ${pair.source} to ${pair.target}`}
              onClick={() => props.onTake(pair)}
            >
              Take over
            </Button>{" "}
            {pair.source} ⇒ {pair.target}
            {pair.files !== undefined && ` (${counted(pair.files, "file")})`}
          </li>
        ))}
      </ul>
    </div>
  );
}
