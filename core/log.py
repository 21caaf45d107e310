"""Writes the worker's own log: per line one event name, then `key=value` in the order given.

The event name is the key of the troubleshooting page. Secrets are redacted before a line is
written.
"""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from logging.handlers import RotatingFileHandler
from os import SEEK_END
from pathlib import Path

from core.obfuscate import hide_paths

_LOG_BYTES = 2_000_000
_LOG_FILES = 3
# shorter texts occur in ordinary words, which would become unreadable
_MIN_SECRET = 6
_TEMPORARY_SECRETS = 20


@dataclass(frozen=True, slots=True)
class LogEvent:
    """A warning or an error that was written to the log.

    Attributes:
        name: the event name, such as `backup.failed`.
        facts: its keys and values as the caller passed them, not redacted.
    """

    name: str
    facts: Mapping[str, object]


OnLogEvent = Callable[[LogEvent], None]


def _ignore_event(event: LogEvent) -> None:
    """Do nothing: the listener of a log that has none."""


class EventLog:
    """Writes events to `logger`, which decides where the lines go."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._secrets: frozenset[str] = frozenset()
        self._temporary_secrets: tuple[str, ...] = ()
        self._as_json = False
        self._shows_steps = False
        self._hides_paths = False
        self._on_log_event: OnLogEvent = _ignore_event

    def configure(self, *, as_json: bool, shows_steps: bool, hides_paths: bool) -> None:
        """Apply the user's settings for the lines.

        Args:
            as_json: write each line as a JSON object.
            shows_steps: write debug events, too.
            hides_paths: replace paths by made-up words.
        """
        self._as_json = as_json
        self._shows_steps = shows_steps
        self._hides_paths = hides_paths

    def add_listener(self, on_log_event: OnLogEvent) -> None:
        """Call `on_log_event` for every further warning and error; it replaces an earlier one."""
        self._on_log_event = on_log_event

    def redact(self, *secrets: str) -> None:
        """Replace these texts in every further line; texts under six characters are ignored."""
        self._secrets |= {secret for secret in secrets if len(secret) >= _MIN_SECRET}

    def redact_temporarily(self, secret: str) -> None:
        """Redact a secret that is replaced regularly, such as a cookie: the newest 20 are kept."""
        if len(secret) >= _MIN_SECRET and secret not in self._temporary_secrets[-1:]:
            secrets = (*self._temporary_secrets, secret)
            self._temporary_secrets = secrets[-_TEMPORARY_SECRETS:]

    def debug(self, event: str, **facts: object) -> None:
        """Write one step of a job; at info level if the user enabled debug logging."""
        self._write(logging.INFO if self._shows_steps else logging.DEBUG, event, facts)

    def info(self, event: str, **facts: object) -> None:
        """Write a finished job or a change of the worker's state."""
        self._write(logging.INFO, event, facts)

    def warning(self, event: str, **facts: object) -> None:
        """Write an event after which the user may have to act."""
        self._write(logging.WARNING, event, facts)
        self._on_log_event(LogEvent(event, facts))

    def error(self, event: str, **facts: object) -> None:
        """Write an event after which the user must act."""
        self._write(logging.ERROR, event, facts)
        self._on_log_event(LogEvent(event, facts))

    def sanitize(self, text: str) -> str:
        """Return `text` without secrets and, if the user wants it, without paths."""
        secrets = {*self._secrets, *self._temporary_secrets}
        # longest first: a secret may be the beginning of another one
        for secret in sorted(secrets, key=len, reverse=True):
            text = text.replace(secret, "***")
        return hide_paths(text) if self._hides_paths else text

    def _write(self, level: int, event: str, facts: dict[str, object]) -> None:
        # formatting costs more than this check, and debug events are frequent
        if not self._logger.isEnabledFor(level):
            return

        if self._as_json:
            line = self._json_line(event, facts)
        else:
            line = self.sanitize(event_line(event, facts))
        self._logger.log(level, "%s", line, extra={"is_json": self._as_json})

    def _json_line(self, event: str, facts: dict[str, object]) -> str:
        values = {key: self._json_value(value) for key, value in facts.items()}
        return json.dumps({"event": event, **values}, ensure_ascii=False)

    def _json_value(self, value: object) -> object:
        if isinstance(value, list | tuple):
            return [self._json_value(item) for item in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        return self.sanitize(str(value))


def event_line(event: str, facts: dict[str, object]) -> str:
    """Return `event key=value ...` without empty facts; texts with blanks are quoted.

    Examples:
        >>> facts = {"scene": 42, "wrote": ("title", "tags"), "reason": "", "detail": "two words"}
        >>> event_line("sync.done", facts)
        'sync.done scene=42 wrote=title,tags detail="two words"'
    """
    parts = [event]
    for key, value in facts.items():
        if value is None or value in ("", ()):
            continue
        parts.append(f"{key}={_format_value(value)}")
    return " ".join(parts)


def _format_value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    if isinstance(value, tuple | list):
        return ",".join(map(str, value))
    text = " ".join(str(value).split())
    return f'"{text}"' if " " in text else text


class _LineFormat(logging.Formatter):
    """Writes time and level before the event; in JSON lines they are the first two keys."""

    def format(self, record: logging.LogRecord) -> str:
        if not getattr(record, "is_json", False):
            return super().format(record)
        head = json.dumps({"time": self.formatTime(record), "level": record.levelname})
        return f"{head[:-1]}, {record.getMessage()[1:]}"


class _LogFile(RotatingFileHandler):
    """Rotates the file without formatting each line twice and asking for the kind of the file."""

    def shouldRollover(self, record: logging.LogRecord) -> bool:  # noqa: N802
        """Return True if the file would be longer than it may with the text of this line."""
        # A file that could not be rotated is closed.
        if self.stream is None:
            self.stream = self._open()
        return self.stream.seek(0, SEEK_END) + len(record.getMessage()) >= self.maxBytes


class _Logger(logging.Logger):
    """Does not look for the function that writes a line: no line names it."""

    def findCaller(  # noqa: N802
        self, stack_info: bool = False, stacklevel: int = 1
    ) -> tuple[str, int, str, str | None]:
        """Return what stands for an unknown function."""
        return "", 0, "", None


def open_log(path: Path, level: int = logging.INFO) -> tuple[EventLog, Callable[[], None]]:
    """Return a log that writes to the rotated file `path`, and the function that closes it."""
    logger = _Logger("plexsync", level)
    handler = _LogFile(
        path, maxBytes=_LOG_BYTES, backupCount=_LOG_FILES, encoding="utf-8", errors="replace"
    )
    handler.setFormatter(_LineFormat("%(asctime)s %(levelname)s %(message)s"))
    logger.addHandler(handler)
    return EventLog(logger), handler.close
