"""Keep Stash's API key between runs: without it an ended session waits for Stash's user.

PlexSync never generates a key. It keeps the one that Stash's user has generated, and forgets it
when Stash refuses it.
"""

import os
from contextlib import suppress
from pathlib import Path

FILE_NAME = "stash_key"
_MAX_CHARS = 4_096


class KeyFile:
    """The file `data/stash_key`, readable by its owner only."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / FILE_NAME

    def read(self) -> str:
        """Return the kept key; "" if there is none or it cannot be read."""
        try:
            with self._path.open(encoding="ascii") as stream:
                return stream.read(_MAX_CHARS).strip()
        except (OSError, ValueError):
            return ""

    def keep(self, key: str) -> None:
        """Keep this key, or none for "". A key that cannot be kept costs a login later, no more."""
        if key == self.read():
            return
        if not key:
            self.forget(self.read())
            return
        temporary = self._path.with_name(f"{FILE_NAME}.{os.getpid()}.tmp")
        with suppress(OSError, ValueError):
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as stream:
                stream.write(key)
            temporary.replace(self._path)
        with suppress(OSError):
            temporary.unlink(missing_ok=True)

    def forget(self, key: str) -> None:
        """Delete the file, unless it holds another key by now."""
        if self.read() in ("", key):
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
