"""The worker's own log: one event name, then `key=value` in a fixed order, one line each.

The event name is the key of the troubleshooting page. Secrets never pass this place.
"""

import json
import logging
from collections.abc import Callable, Mapping
from logging.handlers import RotatingFileHandler
from pathlib import Path

from core.obfuscate import hide_paths

_LOG_BYTES = 2_000_000
_LOG_FILES = 3
_MIN_SECRET = 6  # shorter ones would mangle ordinary words
_PASSING_SECRETS = 20


class EventLog:
    """Writes events. `logger` decides where to; a test passes one that keeps the lines."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._secrets: frozenset[str] = frozenset()
        self._passing: tuple[str, ...] = ()
        self._as_json = self._shows_steps = self._hides_paths = False
        self._listener: Callable[[str, Mapping[str, object]], object] = lambda event, facts: None

    def configure(self, *, as_json: bool, shows_steps: bool, hides_paths: bool) -> None:
        """How a person wants the lines: as JSON, with each step, with words instead of paths."""
        self._as_json, self._shows_steps, self._hides_paths = as_json, shows_steps, hides_paths

    def add_listener(self, listener: Callable[[str, Mapping[str, object]], object]) -> None:
        """From now on `listener` hears of every warning and error: the event and its facts."""
        self._listener = listener

    def redact(self, *secrets: str) -> None:
        """Never write any of these texts, wherever they turn up."""
        self._secrets |= {secret for secret in secrets if len(secret) >= _MIN_SECRET}

    def redact_temporarily(self, secret: str) -> None:
        """The same for a secret that a fresher one soon replaces: only the newest few are remembered."""
        if len(secret) >= _MIN_SECRET and secret not in self._passing[-1:]:
            self._passing = (*self._passing, secret)[-_PASSING_SECRETS:]

    def debug(self, event: str, **facts: object) -> None:
        """A step; written at info level where a person wants to see each one."""
        self._write(logging.INFO if self._shows_steps else logging.DEBUG, event, facts)

    def info(self, event: str, **facts: object) -> None:
        """A finished job, or a turn of the worker's life."""
        self._write(logging.INFO, event, facts)

    def warning(self, event: str, **facts: object) -> None:
        """Somebody may have to act."""
        self._write(logging.WARNING, event, facts)
        self._listener(event, facts)

    def error(self, event: str, **facts: object) -> None:
        """Somebody must act."""
        self._write(logging.ERROR, event, facts)
        self._listener(event, facts)

    def _write(self, level: int, event: str, facts: dict[str, object]) -> None:
        if not self._logger.isEnabledFor(level):
            return
        line = (
            self._json_line(event, facts)
            if self._as_json
            else self.sanitize(event_line(event, facts))
        )
        self._logger.log(level, "%s", line, extra={"is_json": self._as_json})

    def sanitize(self, text: str) -> str:
        """`text` as it may leave the process: without secrets, without paths where they are to be hidden."""
        for secret in sorted(
            (*self._secrets, *self._passing), key=len, reverse=True
        ):  # one may begin another
            text = text.replace(secret, "***")
        return hide_paths(text) if self._hides_paths else text

    def _json_line(self, event: str, facts: dict[str, object]) -> str:
        document = {
            "event": event,
            **{key: self._json_value(value) for key, value in facts.items()},
        }
        return json.dumps(document, ensure_ascii=False)

    def _json_value(self, value: object) -> object:
        if isinstance(value, list | tuple):
            return [self._json_value(one) for one in value]
        return (
            value
            if value is None or isinstance(value, bool | int | float)
            else self.sanitize(str(value))
        )


def event_line(event: str, facts: dict[str, object]) -> str:
    """`event key=value ...`; empty facts are left out, texts with blanks are quoted.

    Examples:
        >>> event_line("sync.done", {"scene": 42, "wrote": ("title", "tags"), "reason": "", "detail": "as it was"})
        'sync.done scene=42 wrote=title,tags detail="as it was"'
    """
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


class _LineFormat(logging.Formatter):
    """Time and level before the event; within the document where the line is JSON."""

    def format(self, record: logging.LogRecord) -> str:
        if not getattr(record, "is_json", False):
            return super().format(record)
        head = json.dumps({"time": self.formatTime(record), "level": record.levelname})
        return f"{head[:-1]}, {record.getMessage()[1:]}"


def open_log(path: Path, level: int = logging.INFO) -> tuple[EventLog, Callable[[], None]]:
    """The rotated log file at `path`, and the call that closes it."""
    logger = logging.Logger("plexsync", level)
    handler = RotatingFileHandler(
        path, maxBytes=_LOG_BYTES, backupCount=_LOG_FILES, encoding="utf-8", errors="replace"
    )
    handler.setFormatter(_LineFormat("%(asctime)s %(levelname)s %(message)s"))
    logger.addHandler(handler)
    return EventLog(logger), handler.close
