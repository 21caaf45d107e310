// The calls of PlexSync and the requests to Stash itself, over Stash's own Apollo client.
import { gql, type DocumentNode } from "@apollo/client";
import type { Calls } from "../calls";
import { PLUGIN_ID, pluginApi } from "./api";
import { limited } from "./limit";

export type CallName = keyof Calls;
export type Takes<K extends CallName> = Calls[K]["takes"];
export type Answers<K extends CallName> = Calls[K]["answers"];

// Stash generates no document for this mutation.
const OPERATION = gql`
  mutation PlexSyncOperation($plugin: ID!, $args: Map) {
    runPluginOperation(plugin_id: $plugin, args: $args)
  }
`;

/** Runs an operation of the plugin; rejects with Apollo's error (see `sentenceOf`). */
export async function runOperation(args: Record<string, unknown>): Promise<unknown> {
  const result = await pluginApi()
    .utils.StashService.getClient()
    .mutate<{ runPluginOperation: unknown }>({
      mutation: OPERATION,
      variables: { plugin: PLUGIN_ID, args },
      fetchPolicy: "no-cache",
    });
  return result.data?.runPluginOperation;
}

// Answered without loading the plugin's packages.
const LIGHT: ReadonlySet<CallName> = new Set(["snapshot", "scene_states"]);
// Each other call is up to a second of work for Stash's machine.
const heavy = limited(2);

/** Asks PlexSync; one process per call, so never in a loop over rows. */
export async function call<K extends CallName>(name: K, args: Takes<K>): Promise<Answers<K>> {
  const ask = (): Promise<unknown> => runOperation({ ...args, mode: "ui", call: name });
  const answer = await (LIGHT.has(name) ? ask() : heavy(ask));
  if (typeof answer !== "object" || answer === null) {
    throw new Error(`PlexSync gave no answer to ${name}. Look at Stash's log, and try again.`);
  }
  return answer;
}

/** Queries Stash itself, past its cache. */
export async function query<Data>(
  document: DocumentNode,
  variables: Record<string, unknown>,
): Promise<Data> {
  const result = await pluginApi()
    .utils.StashService.getClient()
    .query<Data>({ query: document, variables, fetchPolicy: "no-cache" });
  return result.data;
}

export async function mutate<Data>(
  document: DocumentNode,
  variables: Record<string, unknown>,
): Promise<Data> {
  const result = await pluginApi()
    .utils.StashService.getClient()
    .mutate<Data>({ mutation: document, variables, fetchPolicy: "no-cache" });
  if (!result.data) throw new Error("Stash gave no answer.");
  return result.data;
}
