"""Writes lines that Stash's log understands. Standard library only and cheap: hooks load it.

Stash reads a line as byte 0x01, a level character, byte 0x02, text. Any other line is logged at the
manifest's default level, an empty prefixed line as well, and a line of 64 KiB ends the log reading
of the whole run. So every line is prefixed, none is empty, and none is longer than 60,000 bytes.
"""

from collections.abc import Callable

LEVELS = {
    "trace": b"t",
    "debug": b"d",
    "info": b"i",
    "warning": b"w",
    "error": b"e",
    "progress": b"p",
}
MAX_LINE = 60_000


def log_lines(level: str, text: str) -> list[bytes]:
    """Return one encoded line per non-empty line of `text`; unpaired surrogates become question
    marks.
    """
    prefix = b"\x01" + LEVELS[level] + b"\x02"
    lines = []
    for line in text.replace("\x01", " ").replace("\x02", " ").splitlines():
        body = line.strip().encode("utf-8", "replace")[:MAX_LINE]
        if body:
            lines.append(prefix + body + b"\n")
    return lines


def write_log(write: Callable[[bytes], object], level: str, text: str) -> None:
    """Send `text` to Stash's log, one write per line. Ignore a closed pipe."""
    try:
        for line in log_lines(level, text):
            write(line)
    except OSError:
        pass  # Stash no longer reads the pipe
