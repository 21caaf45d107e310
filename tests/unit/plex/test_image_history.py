"""What is known of the images that were sent to an item."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.fields import BY_NAME
from core.original import AUTOMATIC, Original
from core.plex_item import PlexItem
from core.record import ImageFailure, ImageRecord
from plex.image_history import may_be_uploaded, unseen_original, was_never_given
from plex.restore import image_to_restore

POSTER, BACKGROUND = BY_NAME["poster"], BY_NAME["background"]
ITEM = PlexItem(7, 1, "Film", ("/a.mp4",), {}, images={"poster": "/thumb/1", "background": ""})
SENT = Original("media://1", False, ("aa", "bb"))
UPLOAD = ("upload://posters/aa", True)


@pytest.mark.parametrize(
    ("locked", "known", "kept", "expected"),
    [
        ((), None, None, True),
        ((), ImageRecord(""), None, True),
        ((), ImageRecord("", failure=ImageFailure("aa")), None, True),
        ((), None, Original("", False), True),
        (("art",), None, None, True),
        (("thumb",), None, None, False),
        ((), ImageRecord("aa"), None, False),
        ((), ImageRecord("", is_by_hand=True), None, False),
        ((), None, SENT, False),
    ],
)
def test_an_item_was_given_no_image_unless_something_says_so(
    locked: tuple[str, ...], known: ImageRecord | None, kept: Original | None, expected: bool
) -> None:
    item = replace(ITEM, locked=frozenset(locked))

    assert was_never_given(POSTER, item, known, kept) is expected


@pytest.mark.parametrize(
    ("kept", "known", "sha1", "expected"),
    [
        (None, None, "aa", False),
        (SENT, None, "cc", False),
        (SENT, None, "bb", True),
        (SENT, ImageRecord("aa"), "bb", True),
        (SENT, ImageRecord("bb"), "bb", False),
        (SENT, ImageRecord("", failure=ImageFailure("bb", 500)), "bb", True),
        (SENT, ImageRecord("", failure=ImageFailure("bb", 413, is_refusal=True)), "bb", False),
        (SENT, ImageRecord("", failure=ImageFailure("aa", 413, is_refusal=True)), "bb", True),
    ],
)
def test_an_upload_may_be_there_until_its_fate_is_recorded(
    kept: Original | None, known: ImageRecord | None, sha1: str, expected: bool
) -> None:
    assert may_be_uploaded(kept, known, sha1) is expected


def test_an_image_that_was_not_looked_at_is_automatic() -> None:
    assert unseen_original(POSTER, ITEM, "aa") == Original(AUTOMATIC, False, ("aa",))
    assert unseen_original(BACKGROUND, ITEM, "aa") == Original("", False, ("aa",))


@pytest.mark.parametrize(
    ("value", "available", "expected"),
    [
        (AUTOMATIC, [UPLOAD, ("media://2", False), ("media://3", False)], "media://2"),
        (AUTOMATIC, [UPLOAD], ""),
        (AUTOMATIC, [], ""),
        ("", [UPLOAD, ("media://2", False)], ""),
        ("upload://posters/cc", [UPLOAD, ("media://2", False)], "upload://posters/cc"),
    ],
)
def test_the_image_to_restore_is_the_one_before_the_upload(
    value: str | None, available: list[tuple[str, bool]], expected: str
) -> None:
    assert image_to_restore(Original(value, False, ("aa",)), available) == expected
