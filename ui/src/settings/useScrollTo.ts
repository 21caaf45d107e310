import { useEffect } from "react";

/** Moves to the part of that name once it is drawn: links of the first steps name one. */
export function useScrollTo(part: string): void {
  useEffect(() => {
    if (!part) return;
    const target = document.getElementById(`plexsync-part-${part}`);
    target?.scrollIntoView();
    target?.focus({ preventScroll: true });
  }, [part]);
}
