"""Measure the peak memory of a worker beside a large library: comparing it, and sending it first.

It takes long, so `--quick` leaves it out unless it is named.
"""

from collections.abc import Iterator

from benchmarks.big_library import open_big_library
from benchmarks.reconcile import compare, make_synced
from benchmarks.report import Row
from benchmarks.sizes import Sizes
from benchmarks.worker_process import Measured

PEAK_MIB = 150.0


def rows(sizes: Sizes) -> Iterator[Row]:
    """Measure both in processes of their own."""
    count = sizes.remembered
    with open_big_library(count, count) as library:
        make_synced(library)
        yield _row(f"{count:,} scenes in step, compared", compare(library))
    with open_big_library(count, count) as library:
        measured, _ = library.sync(library.scenes)
        yield _row(f"the first Sync All of {count:,} scenes, with covers", measured)


def _row(what: str, measured: Measured) -> Row:
    known = measured.peak_mib > 0.0
    return Row(
        "Peak memory of the whole process",
        what,
        f"{measured.peak_mib:.0f} MiB" if known else "? (Linux only)",
        f"at most {PEAK_MIB:.0f} MiB",
        measured.peak_mib <= PEAK_MIB if known else None,
        is_figure=True,
    )
