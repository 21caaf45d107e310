// The settings of PlexSync as Stash stores them.
import { gql } from "@apollo/client";
import type { StoredMap } from "../settings/map";
import { PLUGIN_ID } from "./api";
import { mutate, query } from "./client";

const READ = gql`
  query PlexSyncSettings {
    configuration {
      plugins
    }
  }
`;

const WRITE = gql`
  mutation PlexSyncConfigure($plugin: ID!, $map: Map!) {
    configurePlugin(plugin_id: $plugin, input: $map)
  }
`;

/** Returns what is stored now, past every cache; {} where nothing is. */
export async function readSettings(): Promise<StoredMap> {
  const data = await query<{ configuration: { plugins: Record<string, StoredMap | null> } }>(
    READ,
    {},
  );
  return data.configuration.plugins[PLUGIN_ID] ?? {};
}

/** Replaces the whole map. */
export async function writeSettings(map: StoredMap): Promise<void> {
  await mutate(WRITE, { plugin: PLUGIN_ID, map });
}
