import React from "react";
import { Card } from "react-bootstrap";

/** Shows names and values. */
export function Facts({ rows }: { rows: [string, React.ReactNode][] }): React.JSX.Element {
  return (
    <dl className="plexsync-facts">
      {rows.map(([name, value]) => (
        <React.Fragment key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </React.Fragment>
      ))}
    </dl>
  );
}

/** A card with a heading; `name` stands in its `data-testid`. */
export function Part(props: {
  title: string;
  name: string;
  isWide?: boolean;
  children: React.ReactNode;
}): React.JSX.Element {
  return (
    <Card
      className={props.isWide ? "plexsync-wide" : ""}
      data-testid={`plexsync-card-${props.name}`}
    >
      <Card.Body>
        <h2>{props.title}</h2>
        {props.children}
      </Card.Body>
    </Card>
  );
}
