// What Stash's page offers to plugins, typed as far as PlexSync uses it.
import type { ApolloClient } from "@apollo/client";
import type { ComponentType, ReactElement } from "react";

export const PLUGIN_ID = "PlexSync";
export const ROUTE = "/plexsync";

/** A definition of Font Awesome: width, height, ligatures, code point, path. */
export interface IconDefinition {
  icon: [number, number, unknown, unknown, string | string[]];
}

export interface Toast {
  success(text: string): void;
  error(error: unknown): void;
}

export interface StashSettings {
  /** Stores the whole map of a plugin after half a second without a change. */
  savePluginSettings: (id: string, map: Record<string, unknown>) => void;
}

type Patched = (...args: unknown[]) => unknown;

export interface PluginApi {
  register: { route(path: string, component: ComponentType): void };
  patch: {
    before(name: string, fn: Patched): void;
    instead(name: string, fn: Patched): void;
    after(name: string, fn: Patched): void;
  };
  libraries: { FontAwesomeSolid: Record<string, IconDefinition> };
  utils: { StashService: { getClient(): ApolloClient<unknown> } };
  hooks: {
    useToast(): Toast;
    /** Works only below Stash's own settings page; elsewhere it throws. */
    useSettings(): StashSettings;
  };
}

export function pluginApi(): PluginApi {
  return (window as unknown as { PluginApi: PluginApi }).PluginApi;
}

/**
 * Patches a component of Stash's page: `draw` gets the props and what would be drawn.
 *
 * Stash calls a patched component as `Component(props, legacyContext)`, so the result is the last
 * argument and not the second.
 */
export function patchAfter(
  name: string,
  draw: (props: Record<string, unknown>, result: ReactElement) => ReactElement,
): void {
  pluginApi().patch.after(name, (...args) =>
    draw(args[0] as Record<string, unknown>, args[args.length - 1] as ReactElement),
  );
}
