// `window.PluginApi` as Stash's page offers it to plugins.
import * as Apollo from "@apollo/client";
import * as FontAwesomeBrands from "@fortawesome/free-brands-svg-icons";
import * as FontAwesomeRegular from "@fortawesome/free-regular-svg-icons";
import * as FontAwesomeSolid from "@fortawesome/free-solid-svg-icons";
import * as ReactFontAwesome from "@fortawesome/react-fontawesome";
import React from "react";
import * as Bootstrap from "react-bootstrap";
import ReactDOM from "react-dom";
import * as ReactRouterDOM from "react-router-dom";
import { components, patch } from "./patches";
import * as requests from "./requests";
import { useSettings } from "./settings";
import { useToast } from "./toast";

function registerComponent(name: string, component: unknown): void {
  if (name in components) throw new Error(`Component ${name} has already been registered`);
  components[name] = component;
}

function registerRoute(path: string, component: React.ComponentType): void {
  patch.before("PluginRoutes", (props: { children?: React.ReactNode }) => [
    {
      children: [
        props.children,
        React.createElement(ReactRouterDOM.Route, { key: path, path, component }),
      ],
    },
  ]);
}

interface TaskVariables {
  plugin_id: string;
  task_name: string;
}

export const PluginApi = {
  React,
  ReactDOM,
  GQL: requests,
  libraries: {
    ReactRouterDOM,
    Bootstrap,
    Apollo,
    FontAwesomeSolid,
    FontAwesomeRegular,
    FontAwesomeBrands,
    ReactFontAwesome,
  },
  register: { route: registerRoute, component: registerComponent },
  patch,
  components,
  loadableComponents: {},
  utils: {
    StashService: {
      getClient: () => requests.client,
      useConfiguration: () => Apollo.useQuery(requests.ConfigurationDocument),
      useConfigurePlugin: () => Apollo.useMutation(requests.ConfigurePluginDocument),
      // Drops its third argument, as Stash's does.
      mutateRunPluginTask: (plugin_id: string, task_name: string) =>
        requests.client.mutate<unknown, TaskVariables>({
          mutation: requests.RunPluginTaskDocument,
          variables: { plugin_id, task_name },
        }),
    },
    loadComponents: () => Promise.resolve(),
  },
  hooks: { useToast, useSettings, useLoadComponents: () => false },
  Event: new EventTarget(),
};
