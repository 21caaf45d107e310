"""Which differences a sync would really mend, and which gaps are known already. Pure.

Without this a value that Plex never keeps, a field that it refuses or a scene that it does not have would be
queued again at every run.
"""

from collections.abc import Mapping, Sequence

from core.errors import (
    AmbiguousMatch,
    MatchError,
    PlexNotFound,
    PlexRejected,
    PlexTemporaryError,
    PlexUnavailable,
    StaleMatch,
    WeakMatch,
)
from core.field_values import FieldValue, digest
from core.plex_item import PlexItem
from core.record import SyncRecord
from plex.plan import Change, WriteRules
from reconciliation.detectors import MISSING, FieldDifference

REFUSED = PlexRejected.__name__
# Dead letters that a new attempt may mend by itself.
TRANSIENT = frozenset(kind.__name__ for kind in (PlexUnavailable, PlexTemporaryError))
# Dead letters that say that there was no item; they are overtaken once there is one.
NO_ITEM = frozenset(
    kind.__name__ for kind in (PlexNotFound, AmbiguousMatch, WeakMatch, MatchError, StaleMatch)
)
_NOTHING = "0" * 16  # how the plan writes down that a clearing is intended


def fixable(
    changes: Sequence[Change],
    desired: Mapping[str, FieldValue],
    item: PlexItem,
    record: SyncRecord | None,
    rules: WriteRules,
    dead_letter: str,
) -> tuple[FieldDifference, ...]:
    """The planned changes that a sync would really bring about; `letter` is the reason of the scene's dead letter."""
    known = record.fields if record else {}
    every = [
        FieldDifference(
            change,
            desired[change.field.name],
            item.values.get(change.field.name),
            known.get(change.field.name),
        )
        for change in changes
    ]
    return tuple(
        one
        for one in every
        if not (
            _is_dropped_by_plex(one)
            or _is_kept_by_hand(one, rules)
            or (dead_letter == REFUSED and _was_refused(one))
        )
    )


def should_enqueue(dead_letter: str, kinds: frozenset[str]) -> bool:
    """Whether gaps of these kinds are worth a job although the scene has a dead letter ("" when it has none)."""
    if not dead_letter or dead_letter in TRANSIENT:
        return True
    if dead_letter in NO_ITEM:
        return MISSING not in kinds
    return (
        dead_letter == REFUSED and MISSING not in kinds
    )  # the refused fields are no gaps; others may have come


def _is_dropped_by_plex(one: FieldDifference) -> bool:
    """Whether this very value was pushed and Plex showed then what it shows now: it does not take it."""
    if one.known is None or not one.is_pushed or one.change.remove:
        return False
    now = digest(one.field.kind, one.present)
    return bool(now) and now == one.known.verified


def _is_kept_by_hand(one: FieldDifference, rules: WriteRules) -> bool:
    """Where hand edits are preserved, what Plex no longer shows was somebody's wish, an emptied field included."""
    return rules.preserve_plex_edits and one.is_pushed


def _was_refused(one: FieldDifference) -> bool:
    """Whether this very value was tried and never arrived."""
    intended = digest(one.field.kind, one.desired) or _NOTHING
    return one.known is not None and one.known.intended == intended
