"""Which items can be written by one request: those whose whole plan is the same, or the same
difference.

Pure. Absolute values (a studio's new name) may always be shared. Lists of names may be shared where
the complete wanted list is identical; where this server was proven to append, the difference is
enough, so that a renamed tag is one request for hundreds of items whose other tags differ.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from core.fields import Kind
from core.plex_item import PlexItem
from plex.names import name_keys, names_without
from plex.plan import Change

MIN_GROUP = 2
MAX_GROUP = 200


@dataclass(frozen=True, slots=True)
class SharedEdit:
    """One request for several items of one library. `is_difference`: it relies on appending."""

    section: int
    items: tuple[int, ...]
    changes: tuple[Change, ...]
    is_difference: bool = False


def shared_edits(
    plans: Mapping[int, tuple[Change, ...]], items: Mapping[int, PlexItem], *, by_difference: bool
) -> list[SharedEdit]:
    """Return the edits that serve at least two items each; items that share nothing are in none.

    With `by_difference`, only names that an item lacks are sent and compared.
    """
    groups: dict[tuple[int, tuple[Change, ...], bool], list[int]] = defaultdict(list)
    for key, changes in plans.items():
        if not changes or any(change.field.kind is Kind.IMAGE for change in changes):
            continue
        # Texts of roles stand beside the numbers of all actors.
        is_whole = any(change.field.kind is Kind.ROLES for change in changes)
        shown = (
            tuple(difference(change, items[key]) for change in changes)
            if by_difference and not is_whole
            else changes
        )
        groups[items[key].section, shown, _relies_on_appending(changes, shown)].append(key)
    return [
        SharedEdit(section, tuple(sorted(keys)[start : start + MAX_GROUP]), changes, is_difference)
        for (section, changes, is_difference), keys in groups.items()
        for start in range(0, len(keys), MAX_GROUP)
        if len(keys) >= MIN_GROUP
    ]


def difference(change: Change, item: PlexItem) -> Change:
    """Return the change with only the names that the item lacks; any other kind as it is."""
    if change.field.kind is not Kind.NAMES or not isinstance(change.value, tuple):
        return change
    return replace(change, value=names_without(change.value, item.values.get(change.field.name)))


def shows_appending(edit: SharedEdit, before: PlexItem, after: PlexItem) -> bool | None:
    """Return True if earlier names that were not sent are still shown; None if there were none."""
    verdict = None
    for change in edit.changes:
        if change.field.kind is not Kind.NAMES:
            continue
        sent = name_keys(change.value) | name_keys(change.remove)
        kept = name_keys(before.values.get(change.field.name)) - sent
        if kept and change.value:
            verdict = kept <= name_keys(after.values.get(change.field.name))
            if not verdict:
                return False
    return verdict


def _relies_on_appending(whole: tuple[Change, ...], shown: tuple[Change, ...]) -> bool:
    """Whether names are put beside others that are not sent; names may be taken off on every
    server.
    """
    return any(short != change and short.value for change, short in zip(whole, shown, strict=True))
