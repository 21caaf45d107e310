import React from "react";
import type { ConnectionReport, Finding } from "../calls";
import { Icon } from "../parts/Icon";

const LOOK = {
  ok: { icon: "faCheck", word: "Right", level: "success" },
  warning: { icon: "faTriangleExclamation", word: "Warning", level: "warning" },
  error: { icon: "faXmark", word: "Wrong", level: "danger" },
} as const;

/** What a test of the connection found, in the order of the checks. */
export function Report({ report }: { report: ConnectionReport }): React.JSX.Element {
  return (
    <div
      data-testid="plexsync-report"
      data-state={report.is_ok ? "ok" : "error"}
      role="status"
      aria-label="Result of the test"
    >
      {report.findings.map((finding) => (
        <FindingLine key={finding.text} finding={finding} />
      ))}
    </div>
  );
}

function FindingLine({ finding }: { finding: Finding }): React.JSX.Element {
  const { icon, word, level } = LOOK[finding.level];
  return (
    <div className={`alert alert-${level} plexsync-error`}>
      <Icon name={icon} /> <span className="sr-only">{word}: </span>
      {finding.text} {finding.action}
    </div>
  );
}
