"""Measure the file index: listing a library for the first time, and using a stored index."""

import math
from collections.abc import Iterator

from benchmarks.big_library import open_big_library
from benchmarks.report import Row
from benchmarks.sizes import Sizes
from benchmarks.worker_process import Measured

PEAK_MIB = 200.0
LOOKUP_US = 1_000.0
PER_PAGE = 1_000
FEW = 3
# Seconds per item may differ by this factor between the smallest and the largest library.
LINEAR = 1.5


def rows(sizes: Sizes) -> Iterator[Row]:
    """Measure cold and warm, each in a new process, for every size of library."""
    each_s = []
    for items in sizes.indexed:
        part = f"The index of {items:,} items"
        with open_big_library(items) as library:
            cold, _ = library.run("index", library.names)
            asked = len(library.plex.requests)
            warm, _ = library.run("index", library.names)
            asked_warm = len(library.plex.requests)
        each_s.append(cold.seconds / items)
        limit = math.ceil(items / PER_PAGE) + FEW
        yield Row(part, "cold: requests", str(asked), f"M/1000 + a few ({limit})", asked <= limit)
        yield Row(part, "cold: time", f"{cold.seconds:.2f} s  (processor {cold.own_s:.2f} s)")
        yield _memory(part, "cold", cold)
        yield Row(part, "warm: requests", str(asked_warm), "1", asked_warm <= 1)
        yield Row(part, "warm: time", f"{warm.seconds * 1000:.1f} ms")
        yield _memory(part, "warm", warm)
        yield _lookups(part, warm)
    growth = each_s[-1] / each_s[0]
    text = (
        f"{' and '.join(f'{seconds * 1e6:.0f}' for seconds in each_s)} µs an item  ({growth:.2f} x)"
    )
    yield Row(
        "The index, smallest and largest", "cold: time per item", text, "linear", growth < LINEAR
    )


def _memory(part: str, when: str, measured: Measured) -> Row:
    text = f"{measured.peak_mib:.0f} MiB" if measured.peak_mib else "? (Linux only)"
    is_within = measured.peak_mib < PEAK_MIB if measured.peak_mib else None
    return Row(
        part,
        f"{when}: peak memory of the whole process",
        text,
        f"under {PEAK_MIB:.0f} MiB",
        is_within,
    )


def _lookups(part: str, measured: Measured) -> Row:
    """Return the median and the 95th percentile of lookups of existing files, at random."""
    ordered = sorted(measured.lookup_us)
    if measured.found != len(ordered):
        raise RuntimeError(f"only {measured.found} of {len(ordered)} files were found")
    late = ordered[round(0.95 * (len(ordered) - 1))]
    text = f"{measured.lookup_median_us:.0f} µs  (p95 {late:.0f})"
    return Row(part, "a lookup", text, "microseconds", measured.lookup_median_us < LOOKUP_US)
