// The two places where the settings are shown; they differ in how a map is stored.
import React from "react";
import { Root } from "../parts/Root";
import { PLUGIN_ID, pluginApi } from "../stash/api";
import { writeSettings } from "../stash/settings";
import { SettingsPanel } from "./SettingsPanel";

/** On Stash's own page: Stash's map of all plugins must learn ours, or it would write an old one. */
export function StashSettings(): React.JSX.Element {
  return (
    <Root>
      <div data-testid="plexsync-settings">
        <BelowSettings />
      </div>
    </Root>
  );
}

function BelowSettings(): React.JSX.Element {
  const { savePluginSettings } = pluginApi().hooks.useSettings();
  return <SettingsPanel write={(map) => savePluginSettings(PLUGIN_ID, map)} />;
}

/** On the page of PlexSync, where Stash's hook would throw. */
export function SettingsTab(): React.JSX.Element {
  return <SettingsPanel write={writeSettings} />;
}
