"""Notice that the plugin was updated or removed while its worker runs."""

import re
from pathlib import Path

from core.clock import Clock
from core.timers import IntervalTimer
from core.version import VERSION

# An update deletes the plugin's files and writes new ones a moment later.
UPDATE_S = 60.0
VERSION_POLL_S = 5.0
_VERSION_LINE = re.compile(r'^VERSION = "([^"]+)"', re.MULTILINE)


class InstallationCheck:
    """Compares the files on disk with this process."""

    def __init__(self, root: Path, data_dir: Path, clock: Clock) -> None:
        self._root = root
        self._data_dir = data_dir
        self._clock = clock
        self._missing_since: float | None = None
        self._version_timer = IntervalTimer(clock, VERSION_POLL_S, later=True)

    def is_uninstalled(self) -> bool:
        """Return True if the data folder is gone, or the code for longer than an update takes.

        Stash's uninstallation leaves `data/`; a user may delete the whole folder.
        """
        if not self._data_dir.is_dir():
            return True
        if _version_file(self._root).exists():
            self._missing_since = None
            return False
        now = self._clock.monotonic()
        if self._missing_since is None:
            self._missing_since = now
        return now - self._missing_since >= UPDATE_S

    def is_updated(self) -> bool:
        """Return True if the files are of another version; read at most every VERSION_POLL_S."""
        return self._version_timer.fire() and installed_version(self._root) != VERSION


def installed_version(root: Path) -> str:
    """Return the version of the files on disk; this process's own if they cannot be read."""
    try:
        line = _VERSION_LINE.search(_version_file(root).read_text("utf-8"))
    except OSError:
        # An update is replacing the file at this moment.
        return VERSION
    return line.group(1) if line else VERSION


def _version_file(root: Path) -> Path:
    return root / "core" / "version.py"
