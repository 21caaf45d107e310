import React from "react";
import { Alert, Button, Spinner } from "react-bootstrap";
import type { Called } from "../state/useCall";

/** Shows a sentence in a box. */
export function Notice(props: {
  level: "warning" | "danger" | "info" | "success";
  children: React.ReactNode;
}): React.JSX.Element {
  return (
    <Alert variant={props.level} className="plexsync-text">
      {props.children}
    </Alert>
  );
}

/** Shows that something is being asked for. */
export function Waiting(): React.JSX.Element {
  return (
    <div className="p-3" role="status">
      <Spinner animation="border" size="sm" className="mr-2" />
      Loading…
    </div>
  );
}

/**
 * Draws an answer of `useCall`: a sign while it is awaited for the first time, the error with a
 * button to try again, and the last answer below the error.
 */
export function Loaded<T>(props: {
  of: Called<T>;
  children: (answer: T) => React.ReactNode;
}): React.JSX.Element {
  const { answer, error, isLoading, reload } = props.of;
  return (
    <>
      {error && (
        <Notice level="danger">
          {error}{" "}
          <Button variant="secondary" size="sm" onClick={reload} disabled={isLoading}>
            Try again
          </Button>
        </Notice>
      )}
      {answer === null ? !error && <Waiting /> : props.children(answer)}
    </>
  );
}
