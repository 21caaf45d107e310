"""Notices that the plugin was taken away from under its worker."""

from pathlib import Path

from core.clock import Clock

UPDATE_S = 60.0  # an update deletes the plugin's files before it writes them anew, in moments


class InstallationCheck:
    """Whether the plugin is still installed. An uninstallation leaves `data/`; a person deletes everything."""

    def __init__(self, root: Path, data_dir: Path, clock: Clock) -> None:
        self._version = root / "core" / "version.py"
        self._data_dir = data_dir
        self._clock = clock
        self._missing_since: float | None = None

    def is_uninstalled(self) -> bool:
        """Asked at every turn, before anything could make a folder of the plugin's anew."""
        if not self._data_dir.is_dir():
            return True
        if self._version.exists():
            self._missing_since = None
            return False
        now = self._clock.monotonic()
        if self._missing_since is None:
            self._missing_since = now
        return now - self._missing_since >= UPDATE_S
