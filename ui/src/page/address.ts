// What the page's address says.
import { useHistory, useLocation } from "react-router-dom";
import { ROUTE } from "../stash/api";

/** Returns the address of a tab, with further values of its own. */
export function tabAddress(tab: string, values: Record<string, string> = {}): string {
  return `${ROUTE}?${new URLSearchParams({ tab, ...values }).toString()}`;
}

/** Returns the value of a key of the query string, "" without it, and a function that changes it. */
export function useQueryValue(key: string): [string, (value: string) => void] {
  const { pathname, search } = useLocation();
  const history = useHistory();
  const query = new URLSearchParams(search);
  const change = (value: string): void => {
    if (value) query.set(key, value);
    else query.delete(key);
    history.replace({ pathname, search: query.toString() });
  };
  return [query.get(key) ?? "", change];
}
