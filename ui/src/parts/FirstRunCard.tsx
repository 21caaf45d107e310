import React from "react";
import { Card } from "react-bootstrap";
import { Link } from "react-router-dom";
import type { FirstRun } from "../calls";
import { Icon } from "./Icon";
import { OtherPlugin } from "./OtherPlugin";

interface Step {
  name: string;
  isDone: boolean;
  text: string;
  address: string;
}

function stepsOf(run: FirstRun): Step[] {
  const settings = "/plexsync?tab=settings";
  return [
    {
      name: "Connect to Plex",
      isDone: run.is_connected,
      text: "Sign in, or enter the URL and a token.",
      address: `${settings}&part=connection`,
    },
    {
      name: "Choose libraries",
      isDone: run.has_libraries,
      text: "PlexSync writes to all movie libraries, or to those that you choose.",
      address: `${settings}&part=libraries`,
    },
    {
      name: "Check the paths",
      isDone: run.has_paths,
      text: "Let PlexSync look for a sample of your scenes in Plex.",
      address: `${settings}&part=paths`,
    },
    {
      name: "Make a dry run",
      isDone: run.has_dry_run,
      text: "See what would be written before anything is.",
      address: "/plexsync?tab=tools",
    },
  ];
}

interface CardProps {
  run: FirstRun | null;
  /** Called when settings were stored. */
  onChange: () => void;
}

/** The four steps of a first run; nothing once all are done. */
export function FirstRunCard({ run, onChange }: CardProps): React.JSX.Element | null {
  if (run === null) return null;
  const steps = stepsOf(run);
  const next = steps.find((step) => !step.isDone);
  return (
    <Card className="mb-3" data-testid="plexsync-first-run">
      <Card.Body>
        <h2>First steps</h2>
        <ol className="plexsync-steps">
          {steps.map((step) => (
            <li
              key={step.name}
              data-state={step.isDone ? "done" : "open"}
              aria-current={step === next ? "step" : undefined}
            >
              <Icon name={step.isDone ? "faCircleCheck" : "faCircle"} />{" "}
              <Link to={step.address} className="btn btn-secondary btn-sm">
                {step.name}
              </Link>{" "}
              <span>{step.isDone ? "(done)" : step.text}</span>
            </li>
          ))}
        </ol>
        <OtherPlugin onTaken={onChange} />
      </Card.Body>
    </Card>
  );
}
