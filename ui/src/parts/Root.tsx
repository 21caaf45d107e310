import React from "react";
import { ConfirmProvider } from "./Confirm";
import { ErrorBoundary } from "./ErrorBoundary";

/** Wraps everything that PlexSync draws into a page of Stash: errors stay inside. */
export function Root({ children }: { children: React.ReactNode }): React.JSX.Element {
  return (
    <ErrorBoundary>
      <ConfirmProvider>
        <div className="plexsync">{children}</div>
      </ConfirmProvider>
    </ErrorBoundary>
  );
}
