"""What the kept index saves: the requests of a sync with it, and after its folder was deleted."""

import time
from collections.abc import Iterator

from benchmarks.big_library import BigLibrary, open_big_library
from benchmarks.report import Row
from benchmarks.sizes import Sizes
from benchmarks.traffic import Traffic

COUNTS = (1, 100)
SURE_S = 2.5  # a record that was read within two seconds of its scene's change proves nothing


def rows(sizes: Sizes) -> Iterator[Row]:
    """A sync of one scene and of many, all of them changed, with and without the index."""
    items = sizes.cached
    part = f"Requests of one sync among {items:,} items, the worker newly started"
    with open_big_library(items, max(COUNTS)) as library:
        library.sync(library.scenes)
        for count in COUNTS:
            kept = _changed(library, count)
            library.forget_index()
            deleted = _changed(library, count)
            more = sum(_plex(deleted)) - sum(_plex(kept))
            most = items // 1_000 + 3
            scenes = f"{count} changed scene{'s' * (count > 1)}"
            yield Row(part, f"{scenes}, index kept", _text(kept))
            is_within = more <= most
            yield Row(
                part, f"{scenes}, data/cache deleted", _text(deleted), f"{most} more", is_within
            )


def _changed(library: BigLibrary, count: int) -> Traffic:
    library.change(library.scenes[:count], covers_every=count + 1)
    time.sleep(SURE_S)
    return library.sync(library.scenes[:count])[1]


def _plex(found: Traffic) -> tuple[int, int]:
    """Reads, and everything else."""
    return found.reads + found.plex_other, found.lookups + found.writes + found.uploads


def _text(found: Traffic) -> str:
    reads, writes = _plex(found)
    stash = found.scene_reads + found.stash_other + found.covers
    return f"{reads + writes} at Plex ({reads} reads, {writes} writes), {stash} at Stash"
