"""Measure what PlexSync costs: `python -m benchmarks [--quick] [part ...]`; default: all parts.

No figure makes the command fail, because the load of the machine affects it; read the table.
"""

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence

from benchmarks import (
    caches,
    enqueue,
    fan_out,
    hook,
    index,
    latency,
    reconcile,
    scale,
    sync_all,
    traffic,
)
from benchmarks.report import Row, table
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
}


def main(arguments: Sequence[str]) -> int:
    """Measure, report progress on stderr, and print the table on stdout."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="What PlexSync costs."
    )
    parser.add_argument(
        "parts",
        nargs="*",
        metavar="part",
        help=f"one or more of {', '.join(PARTS)}; all by default",
    )
    parser.add_argument(
        "--quick", action="store_true", help="smaller sizes, for a first impression"
    )
    options = parser.parse_args(arguments)
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    sizes = QUICK if options.quick else FULL
    started, load = time.monotonic(), _load()
    measured: list[Row] = []
    for name in options.parts or PARTS:
        for row in PARTS[name](sizes):
            measured.append(row)
            print(
                f"{time.monotonic() - started:6.1f} s  {name}: {row.what}",
                file=sys.stderr,
                flush=True,
            )
    print(
        f"Python {platform.python_version()} on {platform.system()}, {os.cpu_count()} cores,",
        end=" ",
    )
    print(f"load {load} before and {_load()} after, {time.monotonic() - started:.0f} s")
    print(table(measured))
    return 0


def _load() -> str:
    """Return the machine's average load of the last minute, "?" if the system has none."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "?"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
