"""Measure the rename of a performer of many scenes, from the hook's job to the last item."""

import math
import time
from collections.abc import Iterator
from contextlib import closing

from benchmarks.big_library import BigLibrary, open_big_library
from benchmarks.index import PEAK_MIB
from benchmarks.report import Row
from benchmarks.sizes import Sizes
from benchmarks.traffic import FEW
from core.clock import SystemClock
from core.job import PRIORITY_EDIT
from sync_queue.hook_queue import connect
from sync_queue.store import JobStore

WHO = "Performer X"
# Scenes in one query to Stash.
STASH_READS = 100
PLEX_READS = 50
# Scene IDs on one page.
PAGE = 1_000


def rows(sizes: Sizes) -> Iterator[Row]:
    """Rename a performer that every scene shows, after a first sync."""
    count = sizes.fanned
    with open_big_library(count, count) as library:
        who = library.stash.library.add_performer(WHO)
        for scene in library.scenes:
            shown = library.stash.library.scenes[scene].performer_ids
            library.stash.library.change_scene(scene, touch=False, performer_ids=(*shown, who))
        library.sync(library.scenes)
        # Stash's times are whole seconds: the next change must have a later one.
        time.sleep(2.0)
        library.stash.library.rename_performer(who, f"{WHO} else")
        _enqueue(library, f"performer:{who}")
        measured, found = library.run("drain")
        part = f"One performer of {count:,} scenes is renamed"
        asked = len(library.stash.requests) - found.covers
        limit = math.ceil(count / STASH_READS) + math.ceil(count / PAGE) + 2 * FEW
        yield Row(
            part,
            "Stash: queries",
            str(asked),
            f"N/{STASH_READS} + N/{PAGE} + a few ({limit})",
            asked <= limit,
        )
        yield Row(part, "Stash: covers asked for", str(found.covers), "none", not found.covers)
        read, limit = (
            found.reads + found.lookups + found.plex_other,
            math.ceil(count / PLEX_READS) + FEW,
        )
        yield Row(
            part, "Plex: reads", str(read), f"N/{PLEX_READS} + a few ({limit})", read <= limit
        )
        text = f"{found.writes} edits, {found.uploads} images"
        is_within = found.writes <= count and not found.uploads
        yield Row(
            part,
            "Plex: writes",
            text,
            f"one edit per scene at most ({count:,}), no image",
            is_within,
        )
        renamed = sum(f"{WHO} else" in item.roles for item in library.plex.library.items())
        yield Row(
            part,
            "items that show the new name",
            f"{renamed:,}",
            f"all ({count:,})",
            renamed == count,
        )
        yield Row(
            part,
            "time",
            f"{measured.seconds:.1f} s  ({count / measured.seconds:.0f} scenes a second)",
        )
        if measured.peak_mib:
            is_small = measured.peak_mib < PEAK_MIB
            yield Row(
                part,
                "peak memory",
                f"{measured.peak_mib:.0f} MiB",
                f"under {PEAK_MIB:.0f} MiB",
                is_small,
            )


def _enqueue(library: BigLibrary, subject: str) -> None:
    with closing(connect(str(library.data), timeout_s=30.0)) as connection:
        JobStore(connection, SystemClock()).enqueue_many([subject], "update", PRIORITY_EDIT)
