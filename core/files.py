"""Writes small JSON documents atomically: a reader sees the old one or the new one."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from core.lock import locked

_TRIES = 5  # on Windows another process may hold the file, a network share may fail for a moment
_RETRY_DELAY_S = 0.05

_T = TypeVar("_T")


def retried(
    action: Callable[[], _T],
    sleep: Callable[[float], object],
    passing: type[OSError] = OSError,
    delay_s: float = _RETRY_DELAY_S,
) -> _T:
    """Return what the action returns; try five times while it fails with a `passing` error.

    Raises:
        OSError: another error, a missing file, or that of the last try.
    """
    for _ in range(_TRIES - 1):
        try:
            return action()
        except FileNotFoundError:
            raise
        except passing:
            sleep(delay_s)
    return action()


def replace_text(
    path: Path, text: str, sleep: Callable[[float], object], *, durable: bool = True
) -> None:
    """Replace a small text file atomically; only its owner may read it.

    Args:
        path: the file.
        text: its new content.
        sleep: waits while another process holds the file (Windows).
        durable: without it a power cut may bring the old content back.

    Raises:
        OSError: the disk or the folder does not allow it; the old file stays.
    """
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            if durable:
                os.fsync(stream.fileno())
        retried(lambda: temporary.replace(path), sleep, PermissionError)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


class JsonFile:
    """One JSON object on disk. `quarantined_as` is the path of a corrupt one; see `read`."""

    def __init__(self, path: Path, sleep: Callable[[float], None]) -> None:
        self._path = path
        self._sleep = sleep
        self.quarantined_as: Path | None = None

    def read(self) -> dict[str, Any] | None:
        """Return the document; None if there is none or it was unreadable.

        A corrupt file is moved to `<name>.corrupt`, and `quarantined_as` names it.
        """
        try:
            document = json.loads(retried(self._path.read_bytes, self._sleep).decode("utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError):
            document = None
        if isinstance(document, dict):
            return document
        self.quarantine()
        return None

    def quarantine(self) -> None:
        """Move a corrupt document away, so that its safe default can take its place."""
        aside = self._path.with_suffix(self._path.suffix + ".corrupt")
        try:
            self._path.replace(aside)
        except OSError:
            return  # another process moved it, or it cannot be moved: the next write replaces it
        self.quarantined_as = aside

    @property
    def corruption_warning(self) -> str:
        """Return a sentence for users about a quarantined document; "" if there is none."""
        if self.quarantined_as is None:
            return ""
        return (
            f"{self._path.name} is corrupt; it was renamed to {self.quarantined_as.name} and reset."
        )

    def write(self, document: dict[str, Any], *, durable: bool = True) -> None:
        """Replace the document atomically. Not `durable`: a power cut may bring the old one back.

        Raises:
            OSError: the disk or the folder does not allow it; the old document stays.
        """
        with locked(self._lock_path):
            self._replace(document, durable)

    def create(self, document: dict[str, Any]) -> dict[str, Any]:
        """Write `document` unless one exists already; the one that is there afterwards."""
        with locked(self._lock_path):
            existing = self.read()
            if existing is None:
                self._replace(document, durable=True)
        return existing or document

    def update(
        self, change: Callable[[dict[str, Any] | None], dict[str, Any]], *, durable: bool = True
    ) -> None:
        """Replace the document by what `change` makes of it, alone among all processes.

        `change` gets None where there is no document, or an unreadable one.

        Raises:
            OSError: as for `write`.
        """
        with locked(self._lock_path):
            self._replace(change(self.read()), durable)

    @property
    def _lock_path(self) -> Path:
        return self._path.with_name("documents.lock")

    def _replace(self, document: dict[str, Any], durable: bool) -> None:
        text = json.dumps(document, indent=1, sort_keys=True)
        replace_text(self._path, text, self._sleep, durable=durable)
