"""Measure what the stored index saves: requests of a sync with it, and without it."""

import time
from collections.abc import Iterator

from benchmarks.big_library import BigLibrary, open_big_library
from benchmarks.report import Row
from benchmarks.sizes import Sizes
from benchmarks.traffic import Traffic

COUNTS = (1, 100)
# A record that was read within two seconds of its scene's change does not count as current.
SURE_S = 2.5


def rows(sizes: Sizes) -> Iterator[Row]:
    """Sync one changed scene and many, with and without the index."""
    items = sizes.cached
    part = f"Requests of one sync among {items:,} items, the worker newly started"
    with open_big_library(items, max(COUNTS)) as library:
        library.sync(library.scenes)
        for count in COUNTS:
            with_index = _changed(library, count)
            library.forget_index()
            deleted = _changed(library, count)
            more = sum(_plex(deleted)) - sum(_plex(with_index))
            limit = items // 1_000 + 3
            scenes = f"{count} changed scene{'s' * (count > 1)}"
            yield Row(part, f"{scenes}, index stored", _text(with_index))
            is_within = more <= limit
            yield Row(
                part, f"{scenes}, data/cache deleted", _text(deleted), f"{limit} more", is_within
            )


def _changed(library: BigLibrary, count: int) -> Traffic:
    library.change(library.scenes[:count], covers_every=count + 1)
    time.sleep(SURE_S)
    return library.sync(library.scenes[:count])[1]


def _plex(found: Traffic) -> tuple[int, int]:
    """Return the number of reads, and of all other requests."""
    return found.reads + found.plex_other, found.lookups + found.writes + found.uploads


def _text(found: Traffic) -> str:
    reads, writes = _plex(found)
    stash = found.scene_reads + found.stash_other + found.covers
    return f"{reads + writes} at Plex ({reads} reads, {writes} writes), {stash} at Stash"
