"""Measure Sync All: the whole library for the first time, then again without a change."""

from collections.abc import Iterator

from benchmarks.big_library import open_big_library
from benchmarks.index import PEAK_MIB
from benchmarks.report import Row
from benchmarks.sizes import Sizes
from benchmarks.traffic import FEW, Traffic
from benchmarks.worker_process import Measured

LATENCIES_S = (0.0, 0.005)


def rows(sizes: Sizes) -> Iterator[Row]:
    """Measure at every latency of Plex, from an empty data folder."""
    count = sizes.synced
    for latency_s in LATENCIES_S:
        with open_big_library(count, count) as library:
            library.plex.switches.latency_s = latency_s
            part = f"Sync All of {count:,} scenes, Plex takes {latency_s * 1000:.0f} ms more"
            yield from _judged(f"{part}: cold", *library.sync(library.scenes), count, count)
            yield from _judged(f"{part}: unchanged", *library.sync(library.scenes), count, 0)


def _judged(part: str, measured: Measured, found: Traffic, count: int, moved: int) -> Iterator[Row]:
    """`moved` scenes may be written, each with its cover."""
    stash, plex = count / 100 + FEW, count / 50 + FEW
    asked, read = found.scene_reads + found.stash_other, found.reads + found.plex_other
    text = f"{asked}  ({found.scene_reads} for scenes, {found.stash_other} other)"
    yield Row(part, "Stash: queries", text, f"N/100 + a few ({stash:.0f})", asked <= stash)
    yield Row(
        part,
        "Stash: covers asked for",
        str(found.covers),
        f"at most {moved}",
        found.covers <= moved,
    )
    text = f"{read}  ({found.reads} of items, {found.plex_other} other)"
    yield Row(part, "Plex: reads", text, f"N/50 + a few ({plex:.0f})", read <= plex)
    yield Row(part, "Plex: edits", str(found.writes), f"at most {moved}", found.writes <= moved)
    text = f"{found.uploads}  ({found.lookups} looked whether Plex has it)"
    is_within = found.uploads <= moved and found.lookups <= moved
    yield Row(part, "Plex: images uploaded", text, f"at most {moved}", is_within)
    speed, own_ms = count / measured.seconds, measured.own_s / count * 1000.0
    text = (
        f"{measured.seconds:.1f} s  "
        f"({speed:.0f} scenes a second; processor {own_ms:.1f} ms a scene)"
    )
    yield Row(part, "time", text)
    if measured.peak_mib:
        is_small = measured.peak_mib < PEAK_MIB
        yield Row(
            part,
            "peak memory",
            f"{measured.peak_mib:.0f} MiB",
            f"under {PEAK_MIB:.0f} MiB",
            is_small,
        )
