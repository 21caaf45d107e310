"""Decide what it means that Plex did not take an image, and when to try again. Pure."""

from core.errors import PlexAccessError, PlexError, PlexRejected
from core.record import ImageFailure, ImageRecord
from core.units import DAY_S
from plex.plan import WriteRules

REFUSED_AGAIN_S = 7 * DAY_S
"""Between two tries of a cover that was refused twice in the same way."""
# Failures that are further apart have nothing to do with each other.
SERIES_S = DAY_S
# Several edits within one moment are one try: they must not use up the retries.
SAME_TRY_S = 20.0


def next_failure(
    known: ImageFailure | None, sha1: str, error: PlexError, now: float
) -> ImageFailure:
    """Return the failure to record after one more of a cover with these bytes.

    Args:
        known: the failure before it; None for none.
        sha1: of the cover; "" where it was not read.
        error: what Plex did.
        now: epoch seconds.
    """
    is_refusal = isinstance(error, PlexRejected | PlexAccessError)
    new = ImageFailure(sha1, error.status, is_refusal, 1, now)
    if known is None or known.is_refusal != is_refusal or not _is_same_cover(known.sha1, sha1):
        return new
    if is_refusal:
        count = known.count + 1 if known.status == error.status else 1
    elif 0.0 <= now - known.at < SAME_TRY_S:
        count = known.count
    else:
        count = known.count + 1 if now - known.at < SERIES_S else 1
    return ImageFailure(sha1 or known.sha1, error.status, is_refusal, count, now)


def is_known_refusal(failure: ImageFailure) -> bool:
    """Return True if the same bytes were refused twice with the same status.

    A proxy may refuse a cover once; the second time it is not worth another try soon.
    """
    return failure.is_refusal and failure.count > 1


def must_send(
    known: ImageRecord | None, rules: WriteRules, now: float, *, is_forced: bool = False
) -> bool:
    """Return True if the item does not show the last cover that was looked at, and should.

    `now` is in epoch seconds; `is_forced` True if the user wants everything sent.
    """
    if known is None:
        return True
    if known.is_by_hand:
        return is_forced or not rules.preserve_plex_edits
    failure = known.failure
    if failure is None:
        return False
    if is_forced or not is_known_refusal(failure):
        return True
    return not 0.0 <= now - failure.at < REFUSED_AGAIN_S


def _is_same_cover(known: str, sha1: str) -> bool:
    return known == sha1 or not known or not sha1
