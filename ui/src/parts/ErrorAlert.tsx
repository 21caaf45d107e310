import React from "react";

interface ErrorAlertProps {
  /** "" shows nothing. */
  text: string;
  id?: string;
  isWide?: boolean;
}

/** What is wrong with a value, beside it. */
export function ErrorAlert({ text, id, isWide }: ErrorAlertProps): React.JSX.Element | null {
  if (!text) return null;
  const wide = isWide ? " plexsync-wide" : "";
  return (
    <div className={`alert alert-danger plexsync-error${wide}`} id={id} role="alert">
      {text}
    </div>
  );
}
