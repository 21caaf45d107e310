"""Writes what several items of a batch have in common by one request, before each job is looked at alone.

It only ever saves requests: what fails here, or is not shared, is written by each job itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from core.errors import PlexError
from core.plex_item import PlexItem
from plex.edit_request import edit_targets
from plex.plan import Change
from plex.sharing import SharedEdit, shared_edits, shows_appending
from worker.bench import Workbench

Plans = Mapping[int, tuple[Change, ...]]


@dataclass(slots=True)
class Appending:
    """What is known of this server's tag edits: True appends, False replaces, None not proven yet."""

    proven: bool | None = None


def share(bench: Workbench, plans: Plans, items: Mapping[int, PlexItem]) -> frozenset[int]:
    """Write the shared edits; the items that have all of their plan now."""
    if len(plans) < 2:
        return frozenset()
    written: set[int] = set()
    edits = shared_edits(plans, items, by_difference=False)
    rest = _without(plans, edits)
    if bench.appending.proven is not False:
        edits += shared_edits(rest, items, by_difference=True)
    for edit in edits:
        if edit.is_difference and not _is_proven(bench, edit, items):
            continue
        if _send(bench, edit):
            written.update(edit.items)
    return frozenset(written)


def _is_proven(bench: Workbench, edit: SharedEdit, items: Mapping[int, PlexItem]) -> bool:
    """Whether this server appends; the first time it is tried on one item and looked at.

    A server that turns out to replace is mended at once: the item's own job sends its full list.
    """
    if bench.appending.proven is None:
        first = items[edit.items[0]]
        try:
            if not _send(bench, replace(edit, items=(first.rating_key,))):
                return False
            after = bench.plex.items(edit.section, [first.rating_key]).get(first.rating_key)
        except PlexError:
            return False
        if after is not None:
            bench.appending.proven = shows_appending(edit, first, after)
            bench.log.info("plex.tags", append=bench.appending.proven)
    return bench.appending.proven is True


def _send(bench: Workbench, edit: SharedEdit) -> bool:
    try:
        bench.check_epoch()
        for target in edit_targets(edit.section, edit.items, edit.changes, bench.shared_limits):
            bench.plex.edit(target)
    except PlexError as error:
        bench.log.info("share.failed", items=len(edit.items), why=type(error).__name__)
        return False
    bench.log.info("share.done", items=len(edit.items), fields=[change.field.name for change in edit.changes])
    return True


def _without(plans: Plans, edits: Sequence[SharedEdit]) -> dict[int, tuple[Change, ...]]:
    shared = {item for edit in edits for item in edit.items}
    return {item: changes for item, changes in plans.items() if item not in shared}
