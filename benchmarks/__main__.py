"""Measure what PlexSync costs: `python -m benchmarks [--quick] [part ...]`; default: all parts.

`--against REVISION` compares with another revision of the project, by the parts that can drive it
from outside; any other part that is named measures this revision alone. No figure makes the command
fail, because the load of the machine affects it; read the table.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime, timezone
from pathlib import Path

from benchmarks import (
    against,
    against_sync,
    caches,
    enqueue,
    fan_out,
    hook,
    index,
    latency,
    memory,
    reconcile,
    scale,
    sync_all,
    traffic,
)
from benchmarks.figures import PAGE, with_figures
from benchmarks.pair import Pair
from benchmarks.report import Row, table
from benchmarks.revision import checked_out, name_of_this, this_revision
from benchmarks.sizes import FULL, QUICK, Sizes

PARTS: dict[str, Callable[[Sizes], Iterator[Row]]] = {
    "hook": hook.rows,
    "enqueue": enqueue.rows,
    "latency": latency.rows,
    "traffic": traffic.rows,
    "index": index.rows,
    "sync_all": sync_all.rows,
    "caches": caches.rows,
    "scale": scale.rows,
    "fan_out": fan_out.rows,
    "reconcile": reconcile.rows,
    "memory": memory.rows,
}
COMPARED: dict[str, Callable[[Sizes, Pair], Iterator[Row]]] = {
    "against_processes": against.processes,
    "against_edits": against.edits,
    "against_sync": against_sync.rows,
}
# Takes long: left out of a quick run unless it is named.
SLOW = frozenset({"memory"})
# What docs/limits.md shows.
FIGURES = ("hook", "latency", "memory", *COMPARED)


def main(arguments: Sequence[str]) -> int:
    """Measure, report progress on stderr, and print the table on stdout."""
    options = _options(arguments)
    names = options.parts or _default_parts(options)
    sizes = QUICK if options.quick else FULL
    started, load = time.monotonic(), _load()
    measured: dict[str, list[Row]] = {name: [] for name in names}
    with ExitStack() as stack:
        pair = _pair(stack, options.against) if options.against else None
        for name in names:
            for row in _rows(name, sizes, pair):
                measured[name].append(row)
                print(
                    f"{time.monotonic() - started:6.1f} s  {name}: {row.what}",
                    file=sys.stderr,
                    flush=True,
                )
    machine = f"Python {platform.python_version()} on {platform.system()}, {os.cpu_count()} cores"
    loads = f"load {load} before and {_load()} after"
    print(f"{machine}, {loads}, {time.monotonic() - started:.0f} s")
    other = pair.other.name if pair else ""
    print(table([row for rows in measured.values() for row in rows], other))
    if options.write:
        when = f"{name_of_this()}, {datetime.now(timezone.utc):%Y-%m-%d}, {machine}, {loads}"
        page = PAGE.read_text(encoding="utf-8")
        for name, rows in measured.items():
            page = with_figures(page, name, rows, other if name in COMPARED else "", when)
        PAGE.write_text(page, encoding="utf-8")
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="What PlexSync costs."
    )
    parser.add_argument(
        "parts",
        nargs="*",
        metavar="part",
        help=f"one or more of {', '.join([*PARTS, *COMPARED])}",
    )
    parser.add_argument(
        "--quick", action="store_true", help="smaller sizes, for a first impression"
    )
    parser.add_argument(
        "--against", default="", metavar="REVISION", help="compare with this revision"
    )
    parser.add_argument(
        "--write", action="store_true", help=f"put the figures into docs/{PAGE.name}"
    )
    options = parser.parse_args(arguments)
    unknown = set(options.parts) - {*PARTS, *COMPARED}
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    if set(options.parts) & set(COMPARED) and not options.against:
        parser.error("these parts compare: add --against REVISION")
    if options.write and (options.quick or set(options.parts) - set(FIGURES)):
        parser.error(f"--write is for the full size of {', '.join(FIGURES)}")
    return options


def _default_parts(options: argparse.Namespace) -> list[str]:
    if options.write:
        return [name for name in FIGURES if name in PARTS or options.against]
    if options.against:
        return list(COMPARED)
    return [name for name in PARTS if not (options.quick and name in SLOW)]


def _pair(stack: ExitStack, revision: str) -> Pair:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="plexsync-benchmark-")))
    try:
        return Pair(this_revision(folder), checked_out(revision, folder))
    except subprocess.CalledProcessError as error:
        # git and pip have printed the reason
        sys.exit(f"There is nothing to compare with: {revision} could not be installed ({error}).")


def _rows(name: str, sizes: Sizes, pair: Pair | None) -> Iterator[Row]:
    return COMPARED[name](sizes, pair) if pair and name in COMPARED else PARTS[name](sizes)


def _load() -> str:
    """Return the machine's average load of the last minute, "?" if the system has none."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "?"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
