"""Read the newest lines of the worker's log, from the end: the log may be megabytes long."""

import json
import os
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO

from page.models.runs import LogLine

LEVELS = ("debug", "info", "warning", "error")
MAX_LINE_CHARS = 2_000
# What is looked through at most for lines of the wanted level.
MAX_BYTES = 8_000_000
_BLOCK = 65_536
_TEXT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (DEBUG|INFO|WARNING|ERROR|CRITICAL) ")


def newest_lines(paths: tuple[Path, ...], count: int, level: str) -> list[LogLine]:
    """Return the newest lines from this level on, oldest first; [] where there is no log.

    Args:
        paths: the log, then the rotated ones, newest first.
        count: how many lines at most.
        level: one of `LEVELS`. A line without a level, such as a trace, goes with the one above.

    Raises:
        OSError: a log cannot be read.
    """
    found = islice(_wanted(_lines_of(paths), LEVELS.index(level)), count)
    return list(found)[::-1]


def level_of(line: str) -> str:
    """Return the level of a line of the log, as text or as JSON; "" where it has none.

    Examples:
        >>> level_of("2026-01-31 12:00:00,000 WARNING sync.retry scene=42")
        'warning'
        >>> level_of('{"time": "2026-01-31 12:00:00,000", "level": "INFO", "event": "x"}')
        'info'
    """
    match = _TEXT.match(line)
    name = match[1] if match else _json_level(line)
    name = {"CRITICAL": "ERROR"}.get(name, name).lower()
    return name if name in LEVELS else ""


def _json_level(line: str) -> str:
    if not line.startswith("{"):
        return ""
    try:
        return str(json.loads(line).get("level", ""))
    except (ValueError, RecursionError):
        return ""


def _wanted(lines: Iterator[str], least: int) -> Iterator[LogLine]:
    """Yield the lines of the levels wanted, newest first, with the lines that belong to each."""
    rest: list[LogLine] = []
    for line in lines:
        level = level_of(line)
        shown = LogLine(level=level, text=line[:MAX_LINE_CHARS])
        if not level:
            rest.append(shown)
            continue
        if LEVELS.index(level) >= least:
            yield from rest
            yield shown
        rest = []


def _lines_of(paths: tuple[Path, ...]) -> Iterator[str]:
    left = MAX_BYTES
    for path in paths:
        try:
            with path.open("rb") as stream:
                size = stream.seek(0, os.SEEK_END)
                for line in _backwards(stream, size, max(0, size - left)):
                    yield line.decode("utf-8", "replace").rstrip("\r")
        except FileNotFoundError:
            return
        left -= size
        if left <= 0:
            return


def _backwards(stream: IO[bytes], end: int, first: int) -> Iterator[bytes]:
    """Yield the lines between two places of a file, the last one first."""
    head = b""
    while end > first:
        start = max(first, end - _BLOCK)
        stream.seek(start)
        lines = (stream.read(end - start) + head).split(b"\n")
        # The first line may have begun in the block before.
        head = lines[0]
        yield from (line for line in reversed(lines[1:]) if line)
        end = start
    if head:
        yield head
