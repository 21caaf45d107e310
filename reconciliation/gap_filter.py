"""Decide which differences a sync would really close, and which gaps are known already. Pure.

Without this a value that Plex never keeps, a field that it rejects or a scene that it does not have
would be enqueued again by every run.
"""

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
from core.field_values import digests
from plex.plan import CLEARED, WriteRules
from reconciliation.detectors import EXCLUDED, MISSING, FieldDifference
from sync.plan_items import PlannedItem

REJECTED = PlexRejected.__name__
# Dead letters that another attempt may resolve.
TRANSIENT = frozenset(kind.__name__ for kind in (PlexUnavailable, PlexTemporaryError))
# Dead letters that say that there was no item; once there is one, they no longer apply.
NO_ITEM = frozenset(
    kind.__name__ for kind in (PlexNotFound, AmbiguousMatch, WeakMatch, MatchError, StaleMatch)
)


def fixable(
    planned: PlannedItem, rules: WriteRules, dead_letter: str
) -> tuple[FieldDifference, ...]:
    """Return the planned changes that a sync would really bring about.

    `dead_letter` is the reason of the scene's dead letter, "" when it has none.
    """
    known = planned.record.fields if planned.record else {}
    differences = []
    # A job records what is overwritten, and reports it.
    for change in (*planned.changes, *planned.overwritten):
        name = change.field.name
        difference = FieldDifference(
            change, planned.desired[name], planned.item.values.get(name), known.get(name)
        )
        if _is_dropped_by_plex(difference) or _is_hand_edit(difference, rules):
            continue
        if dead_letter == REJECTED and _was_rejected(difference):
            continue
        differences.append(difference)
    return tuple(differences)


def should_enqueue(dead_letter: str, kinds: frozenset[str]) -> bool:
    """Return True if gaps of these kinds are worth a job.

    `dead_letter` is the reason of the scene's dead letter, "" when it has none.
    """
    if not dead_letter or dead_letter in TRANSIENT:
        return True
    if EXCLUDED in kinds:
        # The item refuses what it showed before, so another job would end like the last one.
        return dead_letter in NO_ITEM
    # Rejected fields are no gaps, so what was found are other fields.
    return MISSING not in kinds and (dead_letter in NO_ITEM or dead_letter == REJECTED)


def _is_dropped_by_plex(difference: FieldDifference) -> bool:
    """Return True if this very value was pushed and Plex showed then what it shows now."""
    if difference.known is None or not difference.is_pushed or difference.change.remove:
        return False
    verified = difference.known.verified
    return bool(verified) and verified in digests(difference.field.kind, difference.current)


def _is_hand_edit(difference: FieldDifference, rules: WriteRules) -> bool:
    """Return True if the user changed or emptied the field in Plex and such edits are preserved."""
    return rules.preserve_plex_edits and difference.is_pushed


def _was_rejected(difference: FieldDifference) -> bool:
    """Return True if this very value was tried and never arrived."""
    if difference.known is None:
        return False
    desired = digests(difference.field.kind, difference.desired)
    return difference.known.intended in {digest or CLEARED for digest in desired}
