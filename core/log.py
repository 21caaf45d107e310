"""The worker's own log: one event name, then `key=value` in a fixed order, one line each.

The event name is the key of the troubleshooting page. Secrets never pass this place.
"""

import logging
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path

_LOG_BYTES = 2_000_000
_LOG_FILES = 3
_SHORTEST_SECRET = 6  # shorter ones would mangle ordinary words
_PASSING_SECRETS = 20


class EventLog:
    """Writes events. `logger` decides where to; a test passes one that keeps the lines."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._secrets: frozenset[str] = frozenset()
        self._passing: tuple[str, ...] = ()

    def hide(self, *secrets: str) -> None:
        """Never write any of these texts, wherever they turn up."""
        self._secrets |= {secret for secret in secrets if len(secret) >= _SHORTEST_SECRET}

    def hide_for_now(self, secret: str) -> None:
        """The same for a secret that a fresher one soon replaces: only the newest few are remembered."""
        if len(secret) >= _SHORTEST_SECRET and secret not in self._passing[-1:]:
            self._passing = (*self._passing, secret)[-_PASSING_SECRETS:]

    def debug(self, event: str, **facts: object) -> None:
        """A step."""
        self._write(logging.DEBUG, event, facts)

    def info(self, event: str, **facts: object) -> None:
        """A finished job, or a turn of the worker's life."""
        self._write(logging.INFO, event, facts)

    def warning(self, event: str, **facts: object) -> None:
        """Somebody may have to act."""
        self._write(logging.WARNING, event, facts)

    def error(self, event: str, **facts: object) -> None:
        """Somebody must act."""
        self._write(logging.ERROR, event, facts)

    def _write(self, level: int, event: str, facts: dict[str, object]) -> None:
        line = event_line(event, facts)
        for secret in sorted((*self._secrets, *self._passing), key=len, reverse=True):  # one may begin another
            line = line.replace(secret, "***")
        self._logger.log(level, "%s", line)


def event_line(event: str, facts: dict[str, object]) -> str:
    """`event key=value ...`; empty facts are left out, texts with blanks are quoted."""
    parts = [event]
    for key, value in facts.items():
        if value is None or value in ("", ()):
            continue
        parts.append(f"{key}={_shown(value)}")
    return " ".join(parts)


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    if isinstance(value, tuple | list):
        return ",".join(map(str, value))
    text = " ".join(str(value).split())
    return f'"{text}"' if " " in text else text


def open_log(path: Path, level: int = logging.INFO) -> tuple[EventLog, Callable[[], None]]:
    """The rotated log file at `path`, and the call that closes it."""
    logger = logging.Logger("plexsync", level)
    handler = RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=_LOG_FILES, encoding="utf-8", errors="replace")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger.addHandler(handler)
    return EventLog(logger), handler.close
