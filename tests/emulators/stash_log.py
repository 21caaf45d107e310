"""Stash's log as a test reads it: every entry, with a way to wait for one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition

from tests.emulators.stash_model import ServerTime

LEVELS = ("Trace", "Debug", "Info", "Progress", "Warning", "Error")
SHOWN = 30


@dataclass(frozen=True)
class LogEntry:
    time: str
    level: str
    message: str


class LogStore:
    """Keeps all entries; the `logs` query sees only the newest ones at or above the server's level."""

    def __init__(self, time: ServerTime, level: str = "Info") -> None:
        self.level = level
        self._time = time
        self._entries: list[LogEntry] = []
        self._changed = Condition()

    def add(self, level: str, message: str) -> None:
        with self._changed:
            self._entries.append(LogEntry(self._time.now(), level, message))
            self._changed.notify_all()

    def entries(self) -> list[LogEntry]:
        with self._changed:
            return list(self._entries)

    def newest(self) -> list[LogEntry]:
        lowest = LEVELS.index(self.level)
        loud = [each for each in self.entries() if LEVELS.index(each.level) >= lowest]
        return loud[: -SHOWN - 1 : -1]

    def clear(self) -> None:
        with self._changed:
            self._entries.clear()

    def wait_for(
        self, desired: str | Callable[[LogEntry], bool], timeout: float = 10.0
    ) -> LogEntry:
        """The first entry that contains a text or fulfils a condition; AssertionError when none
        comes in time.
        """

        def found() -> LogEntry | None:
            return next((each for each in self._entries if _fits(each, desired)), None)

        with self._changed:
            entry = self._changed.wait_for(found, timeout)
        if entry is None:
            raise AssertionError(f"no log entry {desired!r} within {timeout} s")
        return entry


def _fits(entry: LogEntry, desired: str | Callable[[LogEntry], bool]) -> bool:
    return desired in entry.message if isinstance(desired, str) else desired(entry)
