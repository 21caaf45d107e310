"""Write docs/assets/demo.svg, the output of `make demo` as a picture for README.md.

`python -m tools.record_demo` runs the demo, which takes about half a minute. The picture has only
the first of the tables and leaves out the last step.
"""

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from tools.generate_tasks_page import steady

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "assets" / "demo.svg"
COLUMNS = 100
LAST_STEP = "--- 5."
ADDRESSES = "Stash http"

# For a monospaced font of 13 pixels.
_CHAR_PX, _LINE_PX, _MARGIN_PX = 7.85, 18, 16
_STYLE = (
    "text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;"
    "fill:#c9d1d9;white-space:pre}"
    ".act{fill:#79c0ff;font-weight:bold}.new{fill:#7ee787}.end{fill:#d2a8ff}.dim{fill:#8b949e}"
)
_MARKS = (("--- ", "act"), ("* ", "new"), ("  | ", "dim"))


def play() -> list[str]:
    """Run the demo and return its lines.

    Raises:
        subprocess.CalledProcessError: a change did not reach Plex.
    """
    wide = {**os.environ, "COLUMNS": str(COLUMNS), "KEEP": ""}
    run = subprocess.run(
        [sys.executable, "-m", "tests.demo"], cwd=ROOT, env=wide, capture_output=True, check=True
    )
    return run.stdout.decode("utf-8").splitlines()


def shortened(lines: Iterable[str]) -> list[str]:
    """Return the lines without the addresses, the last step, and all scene tables but the first."""
    shown = ["$ make demo"]
    tables, in_table = 0, False
    for line in map(steady, lines):
        if line.startswith(LAST_STEP):
            break
        starts = line.startswith("Scene ")
        tables += starts
        in_table = starts or (in_table and line != "")
        is_gap = not line and not shown[-1]
        if (tables <= 1 or not in_table) and not is_gap and not line.startswith(ADDRESSES):
            shown.append(line)
    return shown if shown[-1] else shown[:-1]


def picture(lines: Sequence[str]) -> str:
    """Return the lines as an SVG that looks like a terminal."""
    width = round(COLUMNS * _CHAR_PX + 2 * _MARGIN_PX)
    height = len(lines) * _LINE_PX + 2 * _MARGIN_PX
    texts = [_text(line, number) for number, line in enumerate(lines, start=1) if line]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img">'
        "<title>make demo: changes travel from Stash to Plex</title>"
        f'<style>{_STYLE}</style><rect width="100%" height="100%" rx="8" fill="#0d1117"/>'
    )
    return "\n".join([head, *texts, "</svg>", ""])


def _text(line: str, number: int) -> str:
    y = _MARGIN_PX + _LINE_PX * number - 5
    return f'<text x="{_MARGIN_PX}" y="{y}"{_class(line)}>{escape(line, quote=False)}</text>'


def _class(line: str) -> str:
    name = next(
        (name for mark, name in _MARKS if line.startswith(mark)),
        "end" if " arrived in Plex " in line else "",
    )
    return f' class="{name}"' if name else ""


if __name__ == "__main__":
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(picture(shortened(play())), encoding="utf-8", newline="\n")
    sys.exit(0)
