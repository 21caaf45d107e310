"""Writes what several items of a batch have in common by one request, before each job is looked at alone.

It only ever saves requests: what fails here, or is not shared, is written by each job itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from core.errors import PlexError
from core.fields import Kind, RemovalRule
from core.plex_item import PlexItem
from plex.edit_request import edit_targets, fit_text
from plex.plan import Change
from plex.sharing import SharedEdit, shared_edits, shows_appending
from sync.context import SHORT_LIMITS, SyncContext

Plans = Mapping[int, tuple[Change, ...]]


def write_shared_edits(
    ctx: SyncContext, plans: Plans, items: Mapping[int, PlexItem]
) -> dict[int, tuple[Change, ...]]:
    """Write the shared edits; the plans that are carried out by now, by item."""
    if len(plans) < 2:
        return {}
    written: set[int] = set()
    failed: set[int] = set()
    for by_difference in _strategies(ctx, plans, items):
        rest = {item: changes for item, changes in plans.items() if item not in written | failed}
        for edit in shared_edits(rest, items, by_difference=by_difference):
            if not _fits_one_request(edit) or (
                edit.is_difference and not _is_proven(ctx, edit, items)
            ):
                continue
            (written if _send(ctx, edit) else failed).update(edit.items)
    return {item: plans[item] for item in written}


def _strategies(ctx: SyncContext, plans: Plans, items: Mapping[int, PlexItem]) -> tuple[bool, bool]:
    """Differences first where they are fewer requests and this server may append: a renamed tag is then one
    request, and not one for each set of names that some items happen to have in common."""
    if ctx.capabilities.appends(ctx.plex.machine_identifier()) is False:
        return (False, True)
    by_difference = _requests(shared_edits(plans, items, by_difference=True), plans)
    first = by_difference < _requests(shared_edits(plans, items, by_difference=False), plans)
    return (first, not first)


def _requests(edits: Sequence[SharedEdit], plans: Plans) -> int:
    """How many requests it takes to write these edits and each of the other items alone."""
    changed = sum(1 for changes in plans.values() if changes)
    return len(edits) + changed - sum(len(edit.items) for edit in edits)


def _fits_one_request(edit: SharedEdit) -> bool:
    """Whether no text would be cut and no list of names sent in parts, of which a server may keep the last."""
    return all(
        len(edit_targets(edit.section, edit.items[:1], (change,), SHORT_LIMITS)) == 1
        and (
            not isinstance(change.value, str)
            or fit_text(change.value, SHORT_LIMITS) == change.value
        )
        for change in edit.changes
    )


def _is_proven(ctx: SyncContext, edit: SharedEdit, items: Mapping[int, PlexItem]) -> bool:
    """Whether this server appends; the first time it is tried on one item and looked at.

    A server that turns out to replace is mended at once: the item's own job sends its full list.
    """
    server = ctx.plex.machine_identifier()
    known = ctx.capabilities.appends(server)
    if known is not None:
        return known
    first = next(
        (items[key] for key in edit.items if not _could_lose_names(ctx, edit, items[key])), None
    )
    if first is None:
        return False
    try:
        if not _send(ctx, replace(edit, items=(first.rating_key,))):
            return False
        after = ctx.plex.items(edit.section, [first.rating_key]).get(first.rating_key)
    except PlexError:
        return False
    verdict = shows_appending(edit, first, after) if after is not None else None
    if verdict is not None:
        ctx.capabilities.set_appends(server, verdict)
        ctx.log.info("plex.tag_mode", append=verdict)
    return verdict is True


def _could_lose_names(ctx: SyncContext, edit: SharedEdit, item: PlexItem) -> bool:
    """Whether a trial could cost names that Stash lacks: nobody could bring them back after a kill."""
    added = [
        change.field for change in edit.changes if change.field.kind is Kind.NAMES and change.value
    ]
    return any(
        item.values.get(field.name)
        and (ctx.rules.preserve_plex_edits or field.removal_rule is RemovalRule.OWN_ONLY)
        for field in added
    )


def _send(ctx: SyncContext, edit: SharedEdit) -> bool:
    try:
        for target in edit_targets(edit.section, edit.items, edit.changes, SHORT_LIMITS):
            ctx.check_epoch()
            ctx.plex.edit(target)
    except PlexError as error:
        ctx.log.info("shared_edit.failed", items=len(edit.items), reason=type(error).__name__)
        return False
    ctx.log.info(
        "shared_edit.done",
        items=len(edit.items),
        fields=[change.field.name for change in edit.changes],
    )
    return True
