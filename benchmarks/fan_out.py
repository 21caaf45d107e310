"""One rename that many scenes show: a performer with another name, from its hook's job to the last item."""

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

WHO = "Somebody"
STASH_READS = 100  # scenes that Stash is asked for at once
PLEX_READS = 50
PAGE = 1_000  # ids of scenes on one page


def rows(sizes: Sizes) -> Iterator[Row]:
    """Every scene shows the performer and was synced before."""
    count = sizes.fanned
    with open_big_library(count, count) as library:
        who = library.stash.library.add_performer(WHO)
        for scene in library.scenes:
            shown = library.stash.library.scenes[scene].performer_ids
            library.stash.library.change_scene(scene, touch=False, performer_ids=(*shown, who))
        library.sync(library.scenes)
        time.sleep(2.0)  # Stash's times are whole seconds: what changes now must show a later one
        library.stash.library.rename_performer(who, f"{WHO} else")
        _note(library, f"performer:{who}")
        measured, found = library.run("drain")
        part = f"One performer of {count:,} scenes gets another name"
        asked = len(library.stash.requests) - found.covers
        most = math.ceil(count / STASH_READS) + math.ceil(count / PAGE) + 2 * FEW
        yield Row(
            part,
            "Stash: queries",
            str(asked),
            f"N/{STASH_READS} + N/{PAGE} + a few ({most})",
            asked <= most,
        )
        yield Row(part, "Stash: covers asked for", str(found.covers), "none", not found.covers)
        read, most = (
            found.reads + found.lookups + found.plex_other,
            math.ceil(count / PLEX_READS) + FEW,
        )
        yield Row(part, "Plex: reads", str(read), f"N/{PLEX_READS} + a few ({most})", read <= most)
        text = f"{found.writes} edits, {found.uploads} images"
        is_within = found.writes <= count and not found.uploads
        yield Row(
            part,
            "Plex: writes",
            text,
            f"one edit per scene at most ({count:,}), no image",
            is_within,
        )
        told = sum(f"{WHO} else" in item.roles for item in library.plex.library.items())
        yield Row(
            part, "items that show the new name", f"{told:,}", f"all ({count:,})", told == count
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


def _note(library: BigLibrary, subject: str) -> None:
    with closing(connect(str(library.data), timeout_s=30.0)) as connection:
        JobStore(connection, SystemClock()).enqueue_many([subject], "update", PRIORITY_EDIT)
