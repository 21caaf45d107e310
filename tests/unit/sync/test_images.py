"""A cover becomes a poster with as few questions as possible, and only where its bytes are others."""

import hashlib

import pytest

from core.fields import IMAGE_LIMIT_BYTES
from tests.emulators.plex_server import Fault
from tests.emulators.stash_images import png
from tests.unit.worker.rig import Rig

POSTERS = "/library/metadata/{key}/posters"


def edit(rig: Rig, scene: int, **fields: object) -> None:
    """An edit in Stash some time later."""
    rig.clock.advance(10)
    rig.stash.library.change_scene(scene, touch=True, **fields)
    rig.stash.reset_counts()
    rig.plex.reset_counts()
    rig.sync(scene)


def uploads(rig: Rig) -> int:
    return rig.plex.count("POST")


def test_a_cover_becomes_the_poster(rig: Rig) -> None:
    scene = rig.scene("a", cover=png(1))

    rig.sync(scene)

    assert rig.item_of("a").poster_bytes == png(1)
    assert rig.record(scene).images["poster"].sha1 == hashlib.sha1(png(1)).hexdigest()


def test_a_text_edit_costs_one_conditional_request(rig: Rig) -> None:
    scene = rig.scene("a", cover=png(1))
    rig.sync(scene)

    edit(rig, scene, title="Other")

    assert (rig.stash.count("screenshot", status=304), rig.stash.count("screenshot")) == (1, 1)
    assert uploads(rig) == 0


def test_a_scene_that_did_not_move_is_not_asked_for_its_cover(rig: Rig) -> None:
    scene = rig.scene("a", cover=png(1))
    rig.clock.advance(2)
    rig.sync(scene)
    rig.stash.reset_counts()

    rig.sync(scene)

    assert rig.stash.count("screenshot") == 0


def test_another_cover_is_uploaded(rig: Rig) -> None:
    scene = rig.scene("a", cover=png(1))
    rig.sync(scene)

    edit(rig, scene, cover=png(2))

    assert rig.item_of("a").poster_bytes == png(2)
    assert uploads(rig) == 1


def test_a_scene_without_a_cover_leaves_plexs_own_poster(rig: Rig) -> None:
    scene = rig.scene("a")
    before = rig.item_of("a").poster_bytes

    rig.sync(scene)

    assert uploads(rig) == 0
    assert rig.item_of("a").poster_bytes == before


def test_a_cover_that_was_removed_in_stash_stays_in_plex(rig: Rig) -> None:
    scene = rig.scene("a", cover=png(1))
    rig.sync(scene)

    edit(rig, scene, cover=None)

    assert uploads(rig) == 0
    assert rig.item_of("a").poster_bytes == png(1)


def test_bytes_that_plex_has_are_selected_not_uploaded(rig: Rig) -> None:
    scene = rig.scene("a", cover=png(1))
    rig.sync(scene)
    edit(rig, scene, cover=png(2))

    edit(rig, scene, cover=png(1))

    assert uploads(rig) == 0
    assert rig.item_of("a").poster_bytes == png(1)


def test_a_record_that_was_lost_uploads_nothing_twice(rig: Rig) -> None:
    scene = rig.scene("a", cover=png(1))
    rig.sync(scene)
    rig.records.forget_scene(scene)

    edit(rig, scene)

    assert uploads(rig) == 0


def test_the_background_comes_from_the_same_single_question(rig: Rig) -> None:
    rig.configure(c_background_source="cover")
    scene = rig.scene("a", cover=png(1))

    rig.sync(scene)

    assert rig.stash.count("screenshot") == 1
    assert rig.item_of("a").art_bytes == rig.item_of("a").poster_bytes == png(1)


def test_a_background_that_is_switched_on_later_is_sent_alone(rig: Rig) -> None:
    scene = rig.scene("a", cover=png(1))
    rig.sync(scene)
    rig.configure(c_background_source="cover")

    edit(rig, scene)

    assert rig.item_of("a").art_bytes == png(1)
    assert uploads(rig) == 1


def test_a_switched_off_poster_is_neither_asked_for_nor_sent(rig: Rig) -> None:
    rig.configure(c_sync_poster=False)
    scene = rig.scene("a", cover=png(1))

    rig.sync(scene)

    assert (rig.stash.count("screenshot"), uploads(rig)) == (0, 0)


@pytest.mark.parametrize(
    ("cover", "words"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(IMAGE_LIMIT_BYTES), "bytes"),
        (b"GIF89a nothing for Plex", "not a JPEG"),
    ],
    ids=["huge", "no image"],
)
def test_a_cover_that_plex_cannot_take_fails_alone_and_once(
    rig: Rig, cover: bytes, words: str
) -> None:
    scene = rig.scene("a", title="Written", cover=cover)

    report = rig.sync(scene)
    edit(rig, scene)

    assert (report.done, uploads(rig), rig.dead_letters) == (1, 0, [])
    assert rig.item_of("a").title == "Written"
    assert words in rig.notices()["part:poster"]
    assert rig.stash.count("screenshot", status=304) == 1


@pytest.mark.parametrize(
    "cover", [b"\xff\xd8\xff\xe0 jpeg", b"RIFF\x00\x00\x00\x00WEBPVP8 "], ids=["jpeg", "webp"]
)
def test_jpeg_and_webp_are_images_too(rig: Rig, cover: bytes) -> None:
    scene = rig.scene("a", cover=cover)

    rig.sync(scene)

    assert rig.item_of("a").poster_bytes == cover


def test_an_upload_that_plex_rejects_fails_alone(rig: Rig) -> None:
    rig.plex.faults.add(Fault("status", method="POST", status=400))
    scene = rig.scene("a", title="Written", cover=png(1))

    report = rig.sync(scene)

    assert (report.done, rig.item_of("a").title) == (1, "Written")
    assert "poster" in rig.notices()["part:poster"]


def test_a_failed_upload_is_repeated_without_the_text(rig: Rig) -> None:
    rig.plex.faults.add(Fault("status", method="POST", status=500))
    scene = rig.scene("a", title="Written", cover=png(1))
    rig.sync(scene)
    waiting = rig.row(scene)
    rig.plex.reset_counts()
    rig.clock.advance(100)

    report = rig.drain()

    assert waiting[2] == "PlexTemporaryError"
    assert report.done == 1
    assert rig.item_of("a").poster_bytes == png(1)
    assert rig.plex.count("PUT") == 0


def test_an_unreadable_cover_ends_in_a_dead_letter(rig: Rig) -> None:
    rig.stash.faults.fail(500, kind="screenshot", times=3)
    broken = rig.scene("a", title="Text arrives", cover=png(1))
    rig.sync(broken)
    after = rig.sync(rig.scene("b", cover=png(2)))
    for _ in range(3):
        rig.clock.advance(100)
        rig.drain()

    assert after.halted == ""
    assert rig.item_of("a").title == "Text arrives"
    assert rig.item_of("b").title == "Title b"
