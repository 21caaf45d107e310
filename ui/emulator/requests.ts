// The queries that Stash's own page makes, as far as the emulated one needs them.
import { ApolloClient, gql, HttpLink, InMemoryCache } from "@apollo/client";

const base = document.querySelector("base")?.getAttribute("href") ?? "/";

export const client = new ApolloClient({
  cache: new InMemoryCache(),
  link: new HttpLink({ uri: `${base}graphql` }),
});

export const RunPluginTaskDocument = gql`
  mutation RunPluginTask($plugin_id: ID!, $task_name: String, $args_map: Map) {
    runPluginTask(plugin_id: $plugin_id, task_name: $task_name, args_map: $args_map)
  }
`;

export const ConfigurePluginDocument = gql`
  mutation ConfigurePlugin($plugin_id: ID!, $input: Map!) {
    configurePlugin(plugin_id: $plugin_id, input: $input)
  }
`;

export const ConfigurationDocument = gql`
  query Configuration {
    configuration {
      plugins
    }
  }
`;

export const PluginsDocument = gql`
  query Plugins {
    plugins {
      id
      name
      enabled
      paths {
        javascript
        css
      }
      settings {
        name
        display_name
        description
        type
      }
    }
  }
`;

export const FindScenesDocument = gql`
  query FindScenes($filter: FindFilterType) {
    findScenes(filter: $filter) {
      count
      scenes {
        id
        title
        paths {
          screenshot
        }
      }
    }
  }
`;

export const FindSceneDocument = gql`
  query FindScene($id: ID!) {
    findScene(id: $id) {
      id
      title
      details
      date
      paths {
        screenshot
      }
    }
  }
`;

export interface PluginRow {
  id: string;
  name: string;
  enabled: boolean;
  paths: { javascript: string[] | null; css: string[] | null };
  settings: SettingRow[] | null;
}

export interface SettingRow {
  name: string;
  display_name: string;
  description: string;
  type: "STRING" | "NUMBER" | "BOOLEAN";
}

export interface SceneRow {
  id: string;
  title: string;
  details?: string;
  paths: { screenshot: string };
}

export type PluginMaps = Record<string, Record<string, unknown>>;

export async function ask<Data>(document: ReturnType<typeof gql>, variables = {}): Promise<Data> {
  const result = await client.query<Data>({
    query: document,
    variables,
    fetchPolicy: "network-only",
  });
  return result.data;
}
