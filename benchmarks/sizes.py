"""Define the sizes of the full run, and of a short one for a first impression."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes of one run of the benchmarks.

    `rounds`: runs of a hook; `starts`: runs that start a worker; `edits`: edits that are timed.
    `indexed` and `scales` are sizes of Plex libraries, smallest first; `cached` is one size.
    `synced`, `scaled`, `fanned`, `grouped` and `remembered` are numbers of scenes, as are
    `compared`, smallest first. `against` scenes are synced `repeats` times with each of two
    revisions.
    """

    rounds: int
    starts: int
    queued: int
    singles: int
    edits: int
    backfill: int
    changed: tuple[int, ...]
    bulk: int
    indexed: tuple[int, ...]
    synced: int
    cached: int
    scaled: int
    scales: tuple[int, ...]
    compared: tuple[int, ...]
    fanned: int
    grouped: int
    remembered: int
    against: int
    repeats: int


FULL = Sizes(
    rounds=60,
    starts=25,
    queued=100_000,
    singles=2_000,
    edits=20,
    backfill=20_000,
    changed=(1, 100, 1_000),
    bulk=100,
    indexed=(10_000, 100_000),
    synced=10_000,
    cached=10_000,
    scaled=1_000,
    scales=(1_000, 10_000, 100_000),
    compared=(10_000, 100_000),
    fanned=5_000,
    grouped=2_000,
    remembered=100_000,
    against=1_000,
    repeats=3,
)
QUICK = Sizes(
    rounds=15,
    starts=5,
    queued=10_000,
    singles=200,
    edits=3,
    backfill=1_000,
    changed=(1, 100, 200),
    bulk=20,
    indexed=(1_000, 10_000),
    synced=500,
    cached=1_000,
    scaled=200,
    scales=(1_000, 10_000),
    compared=(1_000, 5_000),
    fanned=300,
    grouped=200,
    remembered=10_000,
    against=200,
    repeats=1,
)
