"""Run the browser tests, or say in one line what they lack: `python -m tests.browser -n 2`.

`python -m tests.browser --prepare` only builds the page that they drive.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.harness.browser import build_emulator, missing_parts

PREPARE = "--prepare"


def main() -> int:
    """Return pytest's exit status; 0 where the tests are skipped, which CI does not allow."""
    if sys.argv[1:] == [PREPARE]:
        build_emulator()
        return 0
    missing = missing_parts()
    if not missing:
        folder = str(Path(__file__).resolve().parent)
        return int(pytest.main([folder, "--no-cov", "--repeat-processes", *sys.argv[1:]]))
    print(f"browser tests: not run. {missing}", file=sys.stderr)
    return 1 if os.environ.get("CI") else 0


if __name__ == "__main__":
    sys.exit(main())
