import React, { useEffect } from "react";
import { Link, useLocation } from "react-router-dom";
import { Notice } from "../parts/Notice";
import { ErrorBoundary } from "../parts/ErrorBoundary";
import { Root } from "../parts/Root";
import { dateTime } from "../format";
import { useSnapshot } from "../state/snapshot";
import { sentenceOf } from "../stash/errors";
import { tabAddress } from "./address";
import { TABS, type Tab } from "./tabs";

/** The page at /plexsync. */
export function Page(): React.JSX.Element {
  return (
    <Root>
      <Frame />
    </Root>
  );
}

function Frame(): React.JSX.Element {
  const wanted = new URLSearchParams(useLocation().search).get("tab");
  const tab = TABS.find((one) => one.id === wanted) ?? TABS[0];
  const title = tab?.title ?? "";
  useEffect(() => {
    const before = document.title;
    return () => {
      document.title = before;
    };
  }, []);
  useEffect(() => {
    document.title = `${title} · PlexSync`;
  }, [title]);
  return (
    <div className="container-fluid plexsync-page" data-testid="plexsync-page">
      <h1 className="h3">PlexSync</h1>
      <Stale />
      <nav aria-label="PlexSync">
        <ul className="nav nav-tabs plexsync-tabs">
          {TABS.map((one) => (
            <TabLink key={one.id} tab={one} isShown={one === tab} />
          ))}
        </ul>
      </nav>
      {tab && (
        // A new boundary for each tab: an error in one leaves the others usable.
        <ErrorBoundary key={tab.id}>
          <section className="pt-3" aria-label={tab.title} data-testid={`plexsync-${tab.id}`}>
            <tab.Component />
          </section>
        </ErrorBoundary>
      )}
    </div>
  );
}

function TabLink({ tab, isShown }: { tab: Tab; isShown: boolean }): React.JSX.Element {
  return (
    <li className="nav-item">
      <Link
        className={isShown ? "nav-link active" : "nav-link"}
        aria-current={isShown ? "page" : undefined}
        to={tabAddress(tab.id)}
      >
        {tab.title}
      </Link>
    </li>
  );
}

/** Says that what the page shows is old. */
function Stale(): React.JSX.Element | null {
  const { at, error } = useSnapshot();
  if (!error) return null;
  const since = at > 0 ? ` What you see is from ${dateTime(at / 1_000)}.` : "";
  return (
    <div data-testid="plexsync-stale" role="status">
      <Notice level="warning">
        {sentenceOf(error)}
        {since}
      </Notice>
    </div>
  );
}
