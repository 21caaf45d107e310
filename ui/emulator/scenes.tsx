// The list of scenes with its cards, and a scene's page with its tabs.
import React, { useEffect, useState } from "react";
import { Nav, Tab } from "react-bootstrap";
import { Link, useParams } from "react-router-dom";
import { patchable } from "./patches";
import { ask, FindSceneDocument, FindScenesDocument, type SceneRow } from "./requests";

interface CardProps {
  scene: SceneRow;
}

const Popovers = patchable<CardProps>("SceneCard.Popovers", () => (
  <div className="card-popovers" />
));
const Overlays = patchable<CardProps>("SceneCard.Overlays", () => (
  <div className="scene-card-overlays" />
));
const Details = patchable<CardProps>("SceneCard.Details", ({ scene }) => (
  <div className="scene-card__details">{scene.title}</div>
));

const SceneCard = patchable<CardProps>("SceneCard", ({ scene }) => (
  <div className="scene-card card m-2" style={{ width: 240 }}>
    <Link to={`/scenes/${scene.id}`}>
      <img src={scene.paths.screenshot} alt={scene.title || "Scene"} width={240} height={135} />
      <Overlays scene={scene} />
    </Link>
    <Details scene={scene} />
    <Popovers scene={scene} />
  </div>
));

export function ScenesPage(): React.JSX.Element {
  const [scenes, setScenes] = useState<SceneRow[]>([]);
  const [page, setPage] = useState(1);
  useEffect(() => {
    void ask<{ findScenes: { scenes: SceneRow[] } }>(FindScenesDocument, {
      filter: { page, per_page: 40, sort: "id" },
    }).then((data) => setScenes(data.findScenes.scenes));
  }, [page]);
  return (
    <div className="container-fluid">
      <h1 className="h3">Scenes</h1>
      <button className="btn btn-secondary" onClick={() => setPage(page + 1)}>
        Next
      </button>
      <div className="d-flex flex-wrap">
        {scenes.map((scene) => (
          <SceneCard key={scene.id} scene={scene} />
        ))}
      </div>
    </div>
  );
}

interface SceneProps extends CardProps {
  children?: React.ReactNode;
}

const ScenePageTabs = patchable<SceneProps>("ScenePage.Tabs", ({ children }) => <>{children}</>);
const ScenePageTabContent = patchable<SceneProps>("ScenePage.TabContent", ({ children }) => (
  <>{children}</>
));

export const ScenePage = patchable<object>("ScenePage", () => <LoadedScene />);

function LoadedScene(): React.JSX.Element | null {
  const { id } = useParams<{ id: string }>();
  const [scene, setScene] = useState<SceneRow | null>(null);
  useEffect(() => {
    void ask<{ findScene: SceneRow }>(FindSceneDocument, { id }).then((data) =>
      setScene(data.findScene),
    );
  }, [id]);
  if (!scene) return null;
  return (
    <div className="container-fluid">
      <h1 className="h3">{scene.title}</h1>
      <Tab.Container defaultActiveKey="scene-details-panel">
        <Nav variant="tabs" className="mr-auto">
          <ScenePageTabs scene={scene}>
            <Nav.Item>
              <Nav.Link eventKey="scene-details-panel">Details</Nav.Link>
            </Nav.Item>
            <Nav.Item>
              <Nav.Link eventKey="scene-edit-panel">Edit</Nav.Link>
            </Nav.Item>
          </ScenePageTabs>
        </Nav>
        <Tab.Content>
          <ScenePageTabContent scene={scene}>
            <Tab.Pane eventKey="scene-details-panel">{scene.details}</Tab.Pane>
            <Tab.Pane eventKey="scene-edit-panel" mountOnEnter>
              Edit
            </Tab.Pane>
          </ScenePageTabContent>
        </Tab.Content>
      </Tab.Container>
    </div>
  );
}
