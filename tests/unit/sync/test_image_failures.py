"""What a failure of an image means, and when its cover is sent again."""

from dataclasses import replace

import pytest

from core.errors import PlexAccessError, PlexError, PlexRejected, PlexTemporaryError
from core.record import ImageFailure, ImageRecord
from core.units import DAY_S
from plex.plan import WriteRules
from sync.image_failures import REFUSED_AGAIN_S, is_known_refusal, must_send, next_failure

NOW = 1_700_000_000.0
RULES = WriteRules()


def error(kind: type[PlexError], status: int) -> PlexError:
    made = kind("Plex answered")
    made.status = status
    return made


def refused(count: int) -> ImageFailure:
    return ImageFailure("aa", 400, is_refusal=True, count=count, at=NOW)


def failed(count: int) -> ImageFailure:
    return ImageFailure("aa", 500, count=count, at=NOW)


@pytest.mark.parametrize(
    ("known", "sha1", "kind", "status", "after_s", "count"),
    [
        (None, "aa", PlexRejected, 400, 0.0, 1),
        (refused(1), "aa", PlexRejected, 400, 30 * DAY_S, 2),
        (refused(2), "aa", PlexRejected, 400, 7 * DAY_S, 3),
        (refused(1), "aa", PlexRejected, 413, 60.0, 1),
        (refused(1), "bb", PlexRejected, 400, 60.0, 1),
        (refused(1), "aa", PlexTemporaryError, 500, 60.0, 1),
        (failed(1), "aa", PlexTemporaryError, 500, 60.0, 2),
        (failed(1), "aa", PlexTemporaryError, 502, 60.0, 2),
        (failed(1), "", PlexTemporaryError, 500, 60.0, 2),
        (failed(1), "bb", PlexTemporaryError, 500, 60.0, 1),
        (failed(1), "aa", PlexTemporaryError, 500, 2 * DAY_S, 1),
        (failed(3), "aa", PlexTemporaryError, 500, 5.0, 3),  # an edit followed
        (failed(1), "aa", PlexAccessError, 403, 60.0, 1),
    ],
)
def test_failures_of_one_kind_are_counted(
    known: ImageFailure | None,
    sha1: str,
    kind: type[PlexError],
    status: int,
    after_s: float,
    count: int,
) -> None:
    failure = next_failure(known, sha1, error(kind, status), NOW + after_s)

    assert (failure.count, failure.status, failure.at) == (count, status, NOW + after_s)
    assert failure.is_refusal == (kind is not PlexTemporaryError)


@pytest.mark.parametrize(
    ("failure", "after_s", "is_sent"),
    [
        (refused(1), 1.0, True),
        (refused(2), 1.0, False),
        (refused(2), REFUSED_AGAIN_S - 1.0, False),
        (refused(2), REFUSED_AGAIN_S, True),
        (refused(2), -DAY_S, True),  # the clock was set back
        (failed(9), 1.0, True),
    ],
)
def test_a_cover_that_failed_is_sent_when_it_is_due(
    failure: ImageFailure, after_s: float, is_sent: bool
) -> None:
    known = ImageRecord("", "etag", failure=failure)

    assert must_send(known, RULES, NOW + after_s) is is_sent
    assert must_send(known, RULES, NOW + after_s, is_forced=True)


@pytest.mark.parametrize(
    ("preserve", "is_forced", "is_sent"),
    [(True, False, False), (True, True, True), (False, False, True), (False, True, True)],
)
def test_an_image_by_hand_stays_while_edits_are_preserved(
    preserve: bool, is_forced: bool, is_sent: bool
) -> None:
    known = ImageRecord("aa", "etag", is_by_hand=True)

    assert must_send(known, WriteRules(preserve), NOW, is_forced=is_forced) is is_sent


def test_only_a_second_refusal_is_known() -> None:
    assert [is_known_refusal(each) for each in (refused(1), refused(2), failed(2))] == [
        False,
        True,
        False,
    ]


def test_what_was_sent_or_never_tried_needs_no_guess() -> None:
    sent = ImageRecord("aa", "etag", "/thumb/1")

    assert must_send(None, RULES, NOW)
    assert not must_send(sent, RULES, NOW, is_forced=True)
    assert not must_send(replace(sent, sha1=""), RULES, NOW)
