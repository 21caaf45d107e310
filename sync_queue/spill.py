"""Absorbs what hooks left as files when they could not write. Only the worker does this."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.checkpoint import Checkpoint, no_checkpoint
from core.clock import Clock
from core.units import HOUR_S
from sync_queue import statements as sql
from sync_queue.hook_queue import SPILL
from sync_queue.store import JobStore

LEFTOVER_S = HOUR_S  # no hook runs that long
# A file that cannot be read is tried again after 1, 2, 4 ... 60 s: a network share or a virus
# scanner lets it go, a wrong owner is corrected.
MAX_RETRY_S = 60.0
# So many failures in a row are worth a notice.
FAILURES_TO_REPORT = 5

_NOTE_KEYS = frozenset({"subject", "cause", "priority", "now", "due_at", "window", "data"})


@dataclass(frozen=True, slots=True)
class AbsorbedSpill:
    """What became of the spill files: how many were enqueued, the names of the others.

    Attributes:
        changes: how many files became jobs.
        refused: files that are invalid and were renamed.
        unreadable: files that stay, and are tried again later.
        report: why one of them could not be read several times in a row, "" if none.
    """

    changes: int = 0
    refused: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    report: str = ""


@dataclass(frozen=True, slots=True)
class _Retry:
    failures: int
    due_at: float


class SpillFolder:
    """Enqueues what hooks have spilled; a file that cannot be read for a moment stays."""

    def __init__(
        self,
        data_dir: Path,
        store: JobStore,
        clock: Clock,
        checkpoint: Checkpoint = no_checkpoint,
    ) -> None:
        self._folder = data_dir / SPILL
        self._store = store
        self._clock = clock
        self._checkpoint = checkpoint
        self._retries: dict[str, _Retry] = {}

    def has_files(self) -> bool:
        """Return True if there is a file to read now."""
        return any(self._due_files())

    def absorb(self) -> AbsorbedSpill:
        """Enqueue every spilled change, oldest first.

        A file is removed after its change is committed: a kill in between enqueues it twice, which
        is harmless.
        """
        changes, report = 0, ""
        refused, unreadable = [], []
        for path in sorted(self._due_files()):
            try:
                is_valid = self._absorb_file(path)
            except OSError as error:
                unreadable.append(path.name)
                if self._postpone(path.name).failures >= FAILURES_TO_REPORT:
                    report = error.strerror or str(error)
                continue
            self._retries.pop(path.name, None)
            if is_valid:
                changes += 1
            else:
                refused.append(path.name)
        return AbsorbedSpill(changes, tuple(refused), tuple(unreadable), report)

    def _due_files(self) -> Iterator[Path]:
        if not self._folder.is_dir():
            return
        now = self._clock.monotonic()
        for path in self._folder.glob("*.json"):
            retry = self._retries.get(path.name)
            if retry is None or now >= retry.due_at:
                yield path

    def _postpone(self, name: str) -> _Retry:
        known = self._retries.get(name)
        failures = 1 if known is None else known.failures + 1
        delay_s = min(2.0 ** min(failures - 1, 6), MAX_RETRY_S)
        retry = self._retries[name] = _Retry(failures, self._clock.monotonic() + delay_s)
        return retry

    def _absorb_file(self, path: Path) -> bool:
        """Enqueue the change of one file and remove it; rename an invalid one and return False.

        Raises:
            OSError: the file could not be read, removed or renamed now.
        """
        document = _parse(path.read_bytes())
        if document is None or not _enqueue_spilled(self._store, document):
            path.replace(path.with_suffix(".refused"))
            return False
        self._checkpoint("spill.absorbed")
        path.unlink(missing_ok=True)
        return True


def remove_stale_files(data_dir: Path, now: float) -> int:
    """Remove what hooks that were killed while they wrote have left; how many files. Their change
    is unreadable.
    """
    dropped = 0
    for path in (data_dir / SPILL).glob("*.tmp"):
        try:
            if abs(now - path.stat().st_mtime) >= LEFTOVER_S:
                path.unlink()
                dropped += 1
        except OSError:
            continue  # another process has it open; the next tick retries
    return dropped


def _parse(content: bytes) -> dict[str, object] | None:
    try:
        document = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _enqueue_spilled(store: JobStore, document: dict[str, object]) -> bool:
    note, session = document.get("note"), document.get("session")
    if note is not None and (not isinstance(note, dict) or set(note) != _NOTE_KEYS):
        return False
    with store.transaction() as connection:
        try:
            if note is not None:
                connection.execute(sql.ENQUEUE, note)
            if isinstance(session, dict):
                connection.execute(sql.SAVE_SESSION, session)
        except (
            sqlite3.InterfaceError,
            sqlite3.ProgrammingError,
            sqlite3.IntegrityError,
            ValueError,
            OverflowError,
        ):
            return (
                False  # values that SQLite cannot hold, lone surrogates and huge numbers among them
            )
    return True
