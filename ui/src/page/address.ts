// What the page's address says.
import { useHistory, useLocation } from "react-router-dom";
import { ROUTE } from "../stash/api";

/** Returns the address of a tab, with further values of its own. */
export function tabAddress(tab: string, values: Record<string, string> = {}): string {
  return `${ROUTE}?${new URLSearchParams({ tab, ...values }).toString()}`;
}

/**
 * Returns a function that reads a value of the query string ("" without it), and one that changes
 * some of them; "" removes one.
 */
export function useQueryValues(): [
  (key: string) => string,
  (changes: Record<string, string>) => void,
] {
  const { pathname, search } = useLocation();
  const history = useHistory();
  const query = new URLSearchParams(search);
  const change = (changes: Record<string, string>): void => {
    for (const [key, value] of Object.entries(changes)) {
      if (value) query.set(key, value);
      else query.delete(key);
    }
    history.replace({ pathname, search: query.toString() });
  };
  return [(key) => query.get(key) ?? "", change];
}
