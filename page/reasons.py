"""Say in words why a job failed, and what to do about it.

What happened and what follows is the text of the error's class in `core/errors.py`; where the page
has a better way out than the log, it is named here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import PlexSyncError, error_classes

BUG = "PlexSync has a bug."
_BY_HAND = "Choose the item by hand, or correct the path mapping so that the paths agree."
_ACTIONS: Mapping[str, str] = {
    "AmbiguousMatch": _BY_HAND,
    "WeakMatch": _BY_HAND,
    "MatchError": "Choose the item by hand, or correct the setting Match overrides.",
    "PlexNotFound": "Let Plex scan its folder, correct the path mapping, or choose the item by "
    "hand. PlexSync tries again by itself once Plex has the file.",
    "PlexUnavailable": "PlexSync tries again when Plex answers.",
    "PlexTemporaryError": "Retry once Plex works again.",
    "PlexError": "Retry once Plex works again; see the worker's log for details.",
    "StaleMatch": "Retry: the scene is matched again.",
    "StashQueryError": "Retry; if it repeats, look at Stash's log.",
    "PoisonJob": "See the worker's log, then retry.",
}
_BUG_ACTION = "Please report it with the message below; retry after an update."


@dataclass(frozen=True, slots=True)
class ReasonText:
    """What happened, in one sentence, and what to do."""

    label: str
    action: str


def reason_text(name: str) -> ReasonText:
    """Return the text of an error class by its stored name; "" for a job that has not failed.

    Examples:
        >>> reason_text("StaleMatch").label
        'The matched Plex item is gone or plays another file.'
        >>> reason_text("ZeroDivisionError").label
        'PlexSync has a bug.'
    """
    if not name:
        return ReasonText("", "")
    kind = next((kind for kind in error_classes(PlexSyncError) if kind.__name__ == name), None)
    if kind is None:
        return ReasonText(BUG, _BUG_ACTION)
    label, _, rest = " ".join((kind.__doc__ or "").split()).partition(". ")
    action = _ACTIONS.get(name, rest)
    return ReasonText(f"{label.removesuffix('.')}.", action)
