"""Keep the rows of the newest dry run in `data/dry_run.jsonl`: a line per row, the totals last.

The file is written under a temporary name and replaces the one before when the run is complete.
After a day it no longer tells what a sync would write: it is ignored, and the worker deletes it.
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO

from core.files import retried
from core.units import DAY_S

FILE_NAME = "dry_run.jsonl"
SYNC, RECONCILE = "sync", "reconcile"
KEPT_S = DAY_S
# More than the totals of every kind and field take.
_TOTALS_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class DryRunRow:
    """One scene that would change; `changes` are pairs of a field's name and its value as text.

    `kind` is the kind of gap, "write" for a sync.
    """

    scene: int
    title: str
    kind: str
    evidence: str
    changes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class DryRunTotals:
    """The totals of one dry run.

    Attributes:
        at: when it ended, epoch seconds.
        what: `sync` or `reconcile`.
        checked: scenes looked at.
        rows: how many rows there are; `kinds` and `fields`: how many have each.
        left_out: how many scenes the settings exclude, by the value of `ExclusionReason`.
    """

    at: float
    what: str
    checked: int
    rows: int
    kinds: dict[str, int] = field(default_factory=dict)
    fields: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RowChoice:
    """Which rows are wanted: of one kind, with one field ("": any), and which page of them."""

    kind: str = ""
    field: str = ""
    offset: int = 0
    limit: int = 50


class DryRunWriter:
    """Writes one dry run; without `finish` nothing is kept.

    A disk that takes nothing must not end the dry run: `problem` then says why.
    """

    def __init__(self, data_dir: Path, what: str, sleep: Callable[[float], object]) -> None:
        """`sleep` waits while another process holds the file (Windows)."""
        self._sleep = sleep
        self._path = data_dir / FILE_NAME
        self._temporary = data_dir / f"{FILE_NAME}.{os.getpid()}.tmp"
        self._what = what
        self._rows = 0
        self._kinds: Counter[str] = Counter()
        self._fields: Counter[str] = Counter()
        self._stream: IO[bytes] | None = None
        self.problem = ""

    def __enter__(self) -> "DryRunWriter":
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            descriptor = os.open(self._temporary, flags, 0o600)
            self._stream = os.fdopen(descriptor, "wb")
        except OSError as error:
            self.problem = str(error)
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def add(self, row: DryRunRow) -> None:
        """Write one row."""
        self._rows += 1
        self._kinds[row.kind] += 1
        self._fields.update({name for name, _ in row.changes})
        self._write(asdict(row))

    def finish(self, checked: int, left_out: Mapping[str, int], now: float) -> None:
        """Write the totals and replace the file of the dry run before; see `DryRunTotals`."""
        totals = DryRunTotals(
            now,
            self._what,
            checked,
            self._rows,
            dict(self._kinds),
            dict(self._fields),
            dict(left_out),
        )
        self._write(asdict(totals))
        if self._stream is None:
            return
        try:
            self._stream.close()
            replace = partial(self._temporary.replace, self._path)
            retried(replace, self._sleep, PermissionError)
        except OSError as error:
            self._fail(error)
        self._stream = None

    def _write(self, document: object) -> None:
        if self._stream is None:
            return
        try:
            # A file's name may hold half characters, which UTF-8 rejects.
            line = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
            self._stream.write(line + b"\n")
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        self.problem = str(error)
        self._close()

    def _close(self) -> None:
        """Remove what was not finished."""
        stream, self._stream = self._stream, None
        if stream is None:
            return
        try:
            stream.close()
        except OSError as error:
            self.problem = str(error)
        self._temporary.unlink(missing_ok=True)


def read_dry_run(
    data_dir: Path, now: float, choice: RowChoice
) -> tuple[DryRunTotals, int, list[DryRunRow]] | None:
    """Return the totals, how many rows match, and one page of them; None without a dry run.

    A dry run that is older than a day at `now` (epoch seconds), or damaged, counts as none.
    """
    try:
        with (data_dir / FILE_NAME).open("rb") as stream:
            totals = _read_totals(stream)
            if totals is None or abs(now - totals.at) >= KEPT_S:
                return None
            return totals, _count(stream, totals, choice), _page(stream, totals, choice)
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def remove_old_dry_run(data_dir: Path, now: float) -> None:
    """Delete a dry run that is older than a day, and what a killed one has left."""
    for path in data_dir.glob(f"{FILE_NAME}*"):
        try:
            if abs(now - path.stat().st_mtime) >= KEPT_S:
                path.unlink()
        except OSError:
            continue  # it is gone, or the next round deletes it


def _read_totals(stream: IO[bytes]) -> DryRunTotals | None:
    """Return the totals on the last line; None where there are none."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - _TOTALS_BYTES))
    lines = stream.read().splitlines()
    return DryRunTotals(**json.loads(lines[-1])) if lines else None


def _count(stream: IO[bytes], totals: DryRunTotals, choice: RowChoice) -> int:
    if choice.kind and choice.field:
        return sum(1 for _ in _matching(stream, totals, choice))
    if choice.kind:
        return totals.kinds.get(choice.kind, 0)
    return totals.fields.get(choice.field, 0) if choice.field else totals.rows


def _page(stream: IO[bytes], totals: DryRunTotals, choice: RowChoice) -> list[DryRunRow]:
    end = choice.offset + choice.limit
    if choice.kind or choice.field:
        return list(islice(_matching(stream, totals, choice), choice.offset, end))
    # Lines before the page need not be read as JSON.
    return list(map(_row, islice(_lines(stream, totals), choice.offset, end)))


def _lines(stream: IO[bytes], totals: DryRunTotals) -> Iterator[bytes]:
    stream.seek(0)
    return islice(stream, totals.rows)


def _matching(stream: IO[bytes], totals: DryRunTotals, choice: RowChoice) -> Iterator[DryRunRow]:
    for row in map(_row, _lines(stream, totals)):
        has_field = not choice.field or any(name == choice.field for name, _ in row.changes)
        if has_field and choice.kind in ("", row.kind):
            yield row


def _row(line: bytes) -> DryRunRow:
    document = json.loads(line)
    changes = tuple((str(name), str(value)) for name, value in document.pop("changes"))
    return DryRunRow(changes=changes, **document)
