"""Absorbs what hooks left as files when they could not write. Only the worker does this."""

import json
import sqlite3
from pathlib import Path

from core.checkpoint import Checkpoint, no_checkpoint
from core.units import HOUR_S
from sync_queue import statements as sql
from sync_queue.hook_queue import SPILL
from sync_queue.store import JobStore

LEFTOVER_S = HOUR_S  # no hook runs that long

_NOTE_KEYS = frozenset({"subject", "cause", "priority", "now", "due_at", "window", "data"})


def absorb_spill(
    data_dir: Path, store: JobStore, checkpoint: Checkpoint = no_checkpoint
) -> tuple[int, list[str]]:
    """Enqueue every spilled change, oldest first; return how many, and the names of invalid files.

    A file is removed after its change is committed: a kill in between enqueues it twice, which is
    harmless.
    """
    folder = data_dir / SPILL
    absorbed, refused = 0, []
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        document = _read(path)
        if document is not None and _enqueue_spilled(store, document):
            absorbed += 1
            checkpoint("spill.absorbed")
            path.unlink(missing_ok=True)
        else:
            refused.append(path.name)
            path.replace(path.with_suffix(".refused"))
    return absorbed, refused


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


def _read(path: Path) -> dict[str, object] | None:
    try:
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
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
