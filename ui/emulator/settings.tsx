// Settings > Plugins: one map for all plugins, read once per page load and saved after a pause.
import React, { createContext, useContext, useEffect, useRef, useState } from "react";
import { Button, Form } from "react-bootstrap";
import { patchable } from "./patches";
import {
  ask,
  client,
  ConfigurationDocument,
  ConfigurePluginDocument,
  PluginsDocument,
  type PluginMaps,
  type PluginRow,
  type SettingRow,
} from "./requests";

const SAVE_DELAY_MS = 500;

interface Settings {
  loading: boolean;
  error: unknown;
  plugins: PluginMaps;
  savePluginSettings: (id: string, map: Record<string, unknown>) => void;
  refetch: () => void;
}

const Context = createContext<Settings | null>(null);

/** Throws outside of Settings, as Stash's hook does. */
export function useSettings(): Settings {
  const settings = useContext(Context);
  if (settings === null) throw new Error("useSettings must be used within a SettingsContext");
  return settings;
}

function SettingsContext({ children }: { children: React.ReactNode }): React.JSX.Element {
  const [plugins, setPlugins] = useState<PluginMaps | null>(null);
  const pending = useRef<PluginMaps | null>(null);
  const timer = useRef(0);

  useEffect(() => {
    void ask<{ configuration: { plugins: PluginMaps } }>(ConfigurationDocument).then((data) =>
      setPlugins(structuredClone(data.configuration.plugins)),
    );
  }, []);

  const save = async (): Promise<void> => {
    const maps = pending.current ?? {};
    pending.current = null;
    // Each save sends the maps of all plugins as this page knows them.
    for (const [plugin_id, input] of Object.entries(maps)) {
      await client.mutate({ mutation: ConfigurePluginDocument, variables: { plugin_id, input } });
    }
  };

  const savePluginSettings = (id: string, map: Record<string, unknown>): void => {
    const next = { ...plugins, [id]: map };
    setPlugins(next);
    pending.current = next;
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => void save(), SAVE_DELAY_MS);
  };

  const value: Settings = {
    loading: plugins === null,
    error: undefined,
    plugins: plugins ?? {},
    savePluginSettings,
    refetch: () => undefined, // does not renew the map
  };
  return <Context.Provider value={value}>{children}</Context.Provider>;
}

const PluginSettings = patchable<{ pluginID: string; settings: SettingRow[] }>(
  "PluginSettings",
  ({ pluginID, settings }) => (
    <div className="plugin-settings">
      {settings.map((setting) => (
        <PlainSetting key={setting.name} pluginID={pluginID} setting={setting} />
      ))}
    </div>
  ),
);

function PlainSetting(props: { pluginID: string; setting: SettingRow }): React.JSX.Element {
  const { plugins, savePluginSettings } = useSettings();
  const { pluginID, setting } = props;
  const map = plugins[pluginID] ?? {};
  const change = (value: unknown): void =>
    savePluginSettings(pluginID, { ...map, [setting.name]: value });
  const value = map[setting.name];
  return (
    <div className="setting">
      <div>
        <h3>{setting.display_name || setting.name}</h3>
        <div className="sub-heading">{setting.description}</div>
      </div>
      {setting.type === "BOOLEAN" ? (
        <Form.Switch
          id={`plain-${setting.name}`}
          label={<span className="sr-only">{setting.display_name}</span>}
          checked={value === true}
          onChange={() => change(value !== true)}
        />
      ) : (
        <Form.Control
          aria-label={setting.display_name}
          value={typeof value === "string" || typeof value === "number" ? value : ""}
          onChange={(event) => change(event.target.value)}
        />
      )}
    </div>
  );
}

const SettingsToolsSection = patchable<{ children?: React.ReactNode }>(
  "SettingsToolsSection",
  ({ children }) => <div className="card p-3">{children}</div>,
);

export function SettingsPage(): React.JSX.Element {
  const [plugins, setPlugins] = useState<PluginRow[]>([]);
  useEffect(() => {
    void ask<{ plugins: PluginRow[] }>(PluginsDocument).then((data) => setPlugins(data.plugins));
  }, []);
  return (
    <SettingsContext>
      <div className="container" id="settings-container">
        <Ready>
          {plugins.map((plugin) => (
            <div key={plugin.id} className="setting-section">
              <h1>{plugin.name}</h1>
              <PluginSettings pluginID={plugin.id} settings={plugin.settings ?? []} />
            </div>
          ))}
        </Ready>
        <div className="setting-section">
          <h1>Tools</h1>
          <SettingsToolsSection>
            <Button variant="secondary">Scene filename parser</Button>
          </SettingsToolsSection>
          <SettingsToolsSection>
            <Button variant="secondary">GraphQL playground</Button>
          </SettingsToolsSection>
        </div>
      </div>
    </SettingsContext>
  );
}

function Ready({ children }: { children: React.ReactNode }): React.JSX.Element | null {
  return useSettings().loading ? null : <>{children}</>;
}
