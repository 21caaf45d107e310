import React from "react";
import { Button, Card } from "react-bootstrap";
import { sentenceOf } from "../stash/errors";

interface State {
  error: Error | null;
}

/**
 * Shows one card instead of what could not be drawn. Without it, an error in our page would take
 * Stash's whole page down.
 */
export class ErrorBoundary extends React.Component<{ isSmall?: boolean }, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: Error): State {
    return { error };
  }

  override render(): React.ReactNode {
    if (this.state.error === null) return this.props.children;
    // A place such as the nav bar or a scene card has no room for a card.
    if (this.props.isSmall) return null;
    return (
      <Card className="m-3" role="alert" data-testid="plexsync-error">
        <Card.Body>
          <h2 className="h4">PlexSync cannot draw this part of its page</h2>
          <p>
            PlexSync itself continues to work. Reload the page; if the error comes back, please
            report it with this text:
          </p>
          <pre className="plexsync-text">{sentenceOf(this.state.error)}</pre>
          <Button variant="primary" onClick={() => window.location.reload()}>
            Reload
          </Button>
        </Card.Body>
      </Card>
    );
  }
}
