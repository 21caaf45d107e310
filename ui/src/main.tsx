// Stash loads this script with every page: wake the worker, then add PlexSync's places.
import "./wake";
import "uplot/dist/uPlot.min.css";
import "./style.css";
import React from "react";
import { NavIcon } from "./page/NavIcon";
import { Page } from "./page/Page";
import { ErrorBoundary } from "./parts/ErrorBoundary";
import { CardMark } from "./scene/CardMark";
import { sceneOf } from "./scene/sceneOf";
import { SceneTabContent, SceneTabTitle } from "./scene/SceneTab";
import { StashSettings } from "./settings/places";
import { patchAfter, PLUGIN_ID, pluginApi, ROUTE } from "./stash/api";

pluginApi().register.route(ROUTE, Page);

patchAfter("MainNavBar.UtilityItems", (_props, result) => (
  <>
    <ErrorBoundary isSmall>
      <NavIcon />
    </ErrorBoundary>
    {result}
  </>
));

patchAfter("PluginSettings", (props, result) =>
  props.pluginID === PLUGIN_ID ? <StashSettings /> : result,
);

// The title stands behind Stash's own tabs.
patchAfter("ScenePage.Tabs", (_props, result) => (
  <>
    {result}
    <SceneTabTitle />
  </>
));

patchAfter("ScenePage.TabContent", (props, result) => (
  <>
    {result}
    <SceneTabContent scene={sceneOf(props)} />
  </>
));

patchAfter("SceneCard.Overlays", (props, result) => (
  <>
    {result}
    <ErrorBoundary isSmall>
      <CardMark scene={sceneOf(props).id} />
    </ErrorBoundary>
  </>
));
