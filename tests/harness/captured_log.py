"""Keep log lines in memory."""

import logging

from core.log import EventLog


class CapturedLog(logging.Handler):
    """A log handler that keeps every line."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        self.lines.append(record.getMessage())


def captured_log() -> tuple[EventLog, list[str]]:
    """Return a log and the list that receives its lines."""
    logger, handler = logging.Logger("test"), CapturedLog()
    logger.addHandler(handler)
    return EventLog(logger), handler.lines
