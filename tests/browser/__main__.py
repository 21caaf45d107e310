"""Run the browser tests, or say in one line what they lack: `python -m tests.browser -n 2`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.harness.browser import missing_parts


def main() -> int:
    """Return pytest's exit status; 0 where the tests are skipped, which CI does not allow."""
    missing = missing_parts()
    if not missing:
        folder = str(Path(__file__).resolve().parent)
        return int(pytest.main([folder, "--no-cov", "--repeat-processes", *sys.argv[1:]]))
    print(f"browser tests: not run. {missing}", file=sys.stderr)
    return 1 if os.environ.get("CI") else 0


if __name__ == "__main__":
    sys.exit(main())
