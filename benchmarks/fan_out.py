"""Measure a change of what many scenes show, from the job of the hook to the last item.

A performer and a group get another name; a studio two levels above gets another parent.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from benchmarks.big_library import BigLibrary, open_big_library
from benchmarks.index import PEAK_MIB
from benchmarks.report import Row
from benchmarks.sizes import Sizes
from benchmarks.traffic import FEW
from core.clock import SystemClock
from core.job import PRIORITY_EDIT
from sync_queue.hook_queue import connect
from sync_queue.store import JobStore
from tests.emulators.plex_model import Item
from tests.emulators.stash_model import SceneGroup

WHO, GROUP, ABOVE, NEW = "Performer X", "Group X", "Studio X", "Something else"
# Scenes in one query to Stash.
STASH_READS = 100
PLEX_READS = 50
# Scene IDs on one page.
PAGE = 500
# Queries of every drain, of the entity's own reads and of the comparison at its end.
STASH_OTHER = 4 * FEW


@dataclass(frozen=True, slots=True)
class Change:
    """One change of an entity.

    Attributes:
        what: what the user does.
        count: how many scenes show it.
        add: adds the entity to every scene of a library; returns its job's subject.
        change: changes it in Stash; `NEW` must appear.
        shown: the names of an item among which `NEW` must appear.
        settings: under which the scenes show it.
    """

    what: str
    count: int
    add: Callable[[BigLibrary], str]
    change: Callable[[BigLibrary], object]
    shown: Callable[[Item], list[str]]
    settings: dict[str, Any] = field(default_factory=dict)


def rows(sizes: Sizes) -> Iterator[Row]:
    """Make each of the changes after a first sync."""
    for change in (
        Change(
            "One performer of {count:,} scenes is renamed",
            sizes.fanned,
            _add_performer,
            lambda library: library.stash.library.rename_performer(WHO, NEW),
            lambda item: item.roles,
        ),
        Change(
            "One group of {count:,} scenes is renamed",
            sizes.grouped,
            _add_group,
            _rename_group,
            lambda item: item.collections,
            {"c_sync_groups": True},
        ),
        Change(
            "A studio two levels above {count:,} scenes gets another parent",
            sizes.fanned,
            _add_studios,
            _move_studio,
            lambda item: item.collections,
            {"c_parent_studio_collections": "all"},
        ),
    ):
        yield from _measured(change)


def _add_performer(library: BigLibrary) -> str:
    stash = library.stash.library
    who = stash.add_performer(WHO)
    for scene in library.scenes:
        shown = stash.scenes[scene].performer_ids
        stash.change_scene(scene, touch=False, performer_ids=(*shown, who))
    return f"performer:{who}"


def _add_group(library: BigLibrary) -> str:
    group = library.stash.library.add_group(GROUP, synopsis="All of them.")
    for scene in library.scenes:
        library.stash.library.change_scene(scene, touch=False, group_links=(SceneGroup(group),))
    return f"group:{group}"


def _rename_group(library: BigLibrary) -> None:
    stash = library.stash.library
    stash.change_named(stash.groups, stash.group_id(GROUP), name=NEW)


def _add_studios(library: BigLibrary) -> str:
    """Put a studio above the scenes' studios, and another one above that."""
    stash = library.stash.library
    own = sorted(stash.studios)
    above = stash.add_studio(ABOVE)
    middle = stash.add_studio("Between", parent=above)
    stash.add_studio(NEW)
    for studio in own:
        stash.change_named(stash.studios, studio, parent_id=middle)
    return f"studio:{above}"


def _move_studio(library: BigLibrary) -> None:
    stash = library.stash.library
    stash.change_named(stash.studios, stash.studio_id(ABOVE), parent_id=stash.studio_id(NEW))


def _measured(change: Change) -> Iterator[Row]:
    count, part = change.count, change.what.format(count=change.count)
    with open_big_library(count, count) as library:
        library.stash.configure(**change.settings)
        subject = change.add(library)
        first, _ = library.sync(library.scenes)
        # Stash's times are whole seconds: the next change must have a later one.
        time.sleep(2.0)
        change.change(library)
        _enqueue(library, subject)
        measured, found = library.run("drain")
        asked = len(library.stash.requests) - found.covers
        limit = math.ceil(count / STASH_READS) + math.ceil(count / PAGE) + STASH_OTHER
        formula = f"N/{STASH_READS} + N/{PAGE} + a few ({limit})"
        yield Row(part, "Stash: queries", str(asked), formula, asked <= limit)
        covers = found.covers
        yield Row(part, "Stash: covers asked for", str(covers), "none", not covers)
        read = found.reads + found.lookups + found.plex_other
        limit = math.ceil(count / PLEX_READS) + FEW
        formula = f"N/{PLEX_READS} + a few ({limit})"
        yield Row(part, "Plex: reads", str(read), formula, read <= limit)
        text = f"{found.writes} edits, {found.uploads} images"
        is_within = found.writes <= count and not found.uploads
        formula = f"one edit per scene at most ({count:,}), no image"
        yield Row(part, "Plex: writes", text, formula, is_within)
        right = sum(NEW in change.shown(item) for item in library.plex.library.items())
        yield Row(
            part, "items that show the new name", f"{right:,}", f"all ({count:,})", right == count
        )
        speed = f"{count / measured.seconds:.0f} scenes a second"
        text = f"{measured.seconds:.1f} s  ({speed}; the first sync took {first.seconds:.1f} s)"
        yield Row(part, "time", text)
        if measured.peak_mib:
            text, limit_text = f"{measured.peak_mib:.0f} MiB", f"under {PEAK_MIB:.0f} MiB"
            yield Row(part, "peak memory", text, limit_text, measured.peak_mib < PEAK_MIB)


def _enqueue(library: BigLibrary, subject: str) -> None:
    with closing(connect(str(library.data), timeout_s=30.0)) as connection:
        JobStore(connection, SystemClock()).enqueue_many([subject], "update", PRIORITY_EDIT)
