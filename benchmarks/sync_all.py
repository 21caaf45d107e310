"""Measure Sync All: the whole library for the first time, then again without a change."""

from collections.abc import Iterator

from benchmarks.big_library import open_big_library
from benchmarks.index import PEAK_MIB
from benchmarks.report import Row
from benchmarks.sizes import Sizes
from benchmarks.traffic import FEW, Traffic
from benchmarks.worker_process import Measured

# The floor with a slow Plex: an edit and a poster a scene, as many requests at a time.
SLOW_S, PER_SCENE, IN_FLIGHT = 0.02, 2, 4
# A slow Plex gets one of so many scenes.
FEWER = 5
MAX_FLOORS, MAX_REQUESTS = 2.0, 2.1


def rows(sizes: Sizes) -> Iterator[Row]:
    """Measure without latency and with a slow Plex, from an empty data folder."""
    for latency_s, count in ((0.0, sizes.synced), (SLOW_S, sizes.synced // FEWER)):
        with open_big_library(count, count) as library:
            library.plex.switches.latency_s = latency_s
            part = f"Sync All of {count:,} scenes, Plex takes {latency_s * 1000:.0f} ms more"
            cold = f"{part}: cold"
            measured, found = library.sync(library.scenes)
            yield from _judged(cold, measured, found, count, count)
            yield _per_scene(cold, len(library.plex.requests) / count)
            if latency_s:
                yield _against_floor(cold, measured.seconds, count)
            yield from _judged(f"{part}: unchanged", *library.sync(library.scenes), count, 0)


def floor_s(count: int, latency_s: float) -> float:
    """Return the seconds that Plex's latency alone takes for a first sync of `count` scenes."""
    return count * PER_SCENE * latency_s / IN_FLIGHT


def _per_scene(part: str, requests: float) -> Row:
    is_within = requests <= MAX_REQUESTS
    budget = f"at most {MAX_REQUESTS:g}"
    return Row(part, "Plex: requests per scene", f"{requests:.2f}", budget, is_within)


def _against_floor(part: str, seconds: float, count: int) -> Row:
    floors = seconds / floor_s(count, SLOW_S)
    what = f"time, against {PER_SCENE} requests a scene with {IN_FLIGHT} at a time"
    return Row(part, what, f"{floors:.2f} x", f"at most {MAX_FLOORS:g} x", floors <= MAX_FLOORS)


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
