// A page that treats plugins as Stash's page does: their scripts first, then the first drawing.
import "bootstrap/dist/css/bootstrap.min.css";
import "./page.css";
import { ApolloProvider } from "@apollo/client";
import React from "react";
import { Nav, Navbar } from "react-bootstrap";
import ReactDOM from "react-dom";
import { BrowserRouter, Link, Route, Switch } from "react-router-dom";
import { patchable } from "./patches";
import { PluginApi } from "./pluginApi";
import { ask, client, PluginsDocument, type PluginRow } from "./requests";
import { ScenePage, ScenesPage } from "./scenes";
import { SettingsPage } from "./settings";
import { ToastProvider } from "./toast";

interface WithChildren {
  children?: React.ReactNode;
}

const MenuItems = patchable<WithChildren>("MainNavBar.MenuItems", ({ children }) => (
  <Nav>{children}</Nav>
));
const UtilityItems = patchable<WithChildren>("MainNavBar.UtilityItems", ({ children }) => (
  <>{children}</>
));
const PluginRoutes = patchable<WithChildren>("PluginRoutes", ({ children }) => <>{children}</>);

function Utilities(): React.JSX.Element {
  return (
    <UtilityItems>
      <Link className="nav-link btn minimal" to="/settings">
        Settings
      </Link>
    </UtilityItems>
  );
}

/** The bar holds the utility items twice: for a wide and for a narrow window. */
function MainNavBar(): React.JSX.Element {
  return (
    <Navbar bg="dark" variant="dark" className="top-nav" expand="xl">
      <MenuItems>
        <Link className="nav-link" to="/scenes">
          Scenes
        </Link>
      </MenuItems>
      <Nav className="d-none d-xl-flex ml-auto flex-row">
        <Utilities />
      </Nav>
      <Nav className="d-flex d-xl-none ml-auto flex-row">
        <Utilities />
      </Nav>
    </Navbar>
  );
}

function App(): React.JSX.Element {
  return (
    <>
      <MainNavBar />
      <main className="main">
        <Switch>
          <Route exact path="/" render={() => <p className="m-3">Home</p>} />
          <Route path="/settings" component={SettingsPage} />
          <Route exact path="/scenes" component={ScenesPage} />
          <Route path="/scenes/:id" component={ScenePage} />
          <PluginRoutes />
        </Switch>
      </main>
    </>
  );
}

function load(element: HTMLScriptElement | HTMLLinkElement): Promise<void> {
  return new Promise((resolve) => {
    element.onload = () => resolve();
    element.onerror = () => resolve(); // a plugin that fails is skipped
    document.head.append(element);
  });
}

async function loadPlugins(): Promise<void> {
  const { plugins } = await ask<{ plugins: PluginRow[] }>(PluginsDocument);
  for (const plugin of plugins.filter((one) => one.enabled)) {
    for (const href of plugin.paths.css ?? []) {
      const link = document.createElement("link");
      Object.assign(link, { rel: "stylesheet", href });
      await load(link);
    }
    for (const src of plugin.paths.javascript ?? []) {
      const script = document.createElement("script");
      Object.assign(script, { src, async: false });
      await load(script);
    }
  }
}

async function start(): Promise<void> {
  Object.assign(window, { PluginApi });
  await loadPlugins();
  ReactDOM.render(
    <ApolloProvider client={client}>
      <BrowserRouter basename={document.querySelector("base")?.getAttribute("href") ?? "/"}>
        <ToastProvider>
          <App />
        </ToastProvider>
      </BrowserRouter>
    </ApolloProvider>,
    document.getElementById("root"),
  );
}

void start();
