"""Test that a cover becomes a poster with few requests, and only where its bytes differ."""

import hashlib

import pytest

from core.fields import IMAGE_LIMIT_BYTES
from tests.emulators.plex_server import Fault
from tests.emulators.stash_images import png
from tests.harness.in_process import InProcessHarness

POSTERS = "/library/metadata/{key}/posters"


def edit(worker: InProcessHarness, scene: int, **fields: object) -> None:
    """An edit in Stash some time later."""
    worker.clock.advance(10)
    worker.stash.library.change_scene(scene, touch=True, **fields)
    worker.stash.reset_counts()
    worker.plex.reset_counts()
    worker.drain_scenes(scene)


def uploads(worker: InProcessHarness) -> int:
    return worker.plex.count("POST")


def test_a_cover_becomes_the_poster(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", cover=png(1))

    worker.drain_scenes(scene)

    assert worker.titled_item("a").poster_bytes == png(1)
    assert worker.record(scene).images["poster"].sha1 == hashlib.sha1(png(1)).hexdigest()


def test_a_text_edit_costs_one_conditional_request(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", cover=png(1))
    worker.drain_scenes(scene)

    edit(worker, scene, title="Other")

    assert (worker.stash.count("screenshot", status=304), worker.stash.count("screenshot")) == (
        1,
        1,
    )
    assert uploads(worker) == 0


def test_a_scene_that_did_not_move_is_not_asked_for_its_cover(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", cover=png(1))
    worker.clock.advance(2)
    worker.drain_scenes(scene)
    worker.stash.reset_counts()

    worker.drain_scenes(scene)

    assert worker.stash.count("screenshot") == 0


def test_another_cover_is_uploaded(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", cover=png(1))
    worker.drain_scenes(scene)

    edit(worker, scene, cover=png(2))

    assert worker.titled_item("a").poster_bytes == png(2)
    assert uploads(worker) == 1


def test_a_scene_without_a_cover_leaves_plexs_own_poster(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a")
    before = worker.titled_item("a").poster_bytes

    worker.drain_scenes(scene)

    assert uploads(worker) == 0
    assert worker.titled_item("a").poster_bytes == before


def test_a_cover_that_was_removed_in_stash_stays_in_plex(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", cover=png(1))
    worker.drain_scenes(scene)

    edit(worker, scene, cover=None)

    assert uploads(worker) == 0
    assert worker.titled_item("a").poster_bytes == png(1)


def test_bytes_that_plex_has_are_selected_not_uploaded(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", cover=png(1))
    worker.drain_scenes(scene)
    edit(worker, scene, cover=png(2))

    edit(worker, scene, cover=png(1))

    assert uploads(worker) == 0
    assert worker.titled_item("a").poster_bytes == png(1)


def test_a_record_that_was_lost_uploads_nothing_twice(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", cover=png(1))
    worker.drain_scenes(scene)
    worker.context().records.forget_scene(scene)

    edit(worker, scene)

    assert uploads(worker) == 0


def test_the_background_comes_from_the_same_single_question(worker: InProcessHarness) -> None:
    worker.configure(c_background_source="cover")
    scene = worker.titled_scene("a", cover=png(1))

    worker.drain_scenes(scene)

    assert worker.stash.count("screenshot") == 1
    assert worker.titled_item("a").art_bytes == worker.titled_item("a").poster_bytes == png(1)


def test_a_background_that_is_switched_on_later_is_sent_alone(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", cover=png(1))
    worker.drain_scenes(scene)
    worker.configure(c_background_source="cover")

    edit(worker, scene)

    assert worker.titled_item("a").art_bytes == png(1)
    assert uploads(worker) == 1


def test_a_switched_off_poster_is_neither_asked_for_nor_sent(worker: InProcessHarness) -> None:
    worker.configure(c_sync_poster=False)
    scene = worker.titled_scene("a", cover=png(1))

    worker.drain_scenes(scene)

    assert (worker.stash.count("screenshot"), uploads(worker)) == (0, 0)


@pytest.mark.parametrize(
    ("cover", "words"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(IMAGE_LIMIT_BYTES), "bytes"),
        (b"GIF89a nothing for Plex", "not a JPEG"),
    ],
    ids=["huge", "no image"],
)
def test_a_cover_that_plex_cannot_take_fails_alone_and_once(
    worker: InProcessHarness, cover: bytes, words: str
) -> None:
    scene = worker.titled_scene("a", title="Written", cover=cover)

    report = worker.drain_scenes(scene)
    edit(worker, scene)

    assert (report.done, uploads(worker), worker.dead_letters()) == (1, 0, [])
    assert worker.titled_item("a").title == "Written"
    assert words in worker.notices()["part:poster"]
    assert worker.stash.count("screenshot", status=304) == 1


@pytest.mark.parametrize(
    "cover", [b"\xff\xd8\xff\xe0 jpeg", b"RIFF\x00\x00\x00\x00WEBPVP8 "], ids=["jpeg", "webp"]
)
def test_jpeg_and_webp_are_images_too(worker: InProcessHarness, cover: bytes) -> None:
    scene = worker.titled_scene("a", cover=cover)

    worker.drain_scenes(scene)

    assert worker.titled_item("a").poster_bytes == cover


def test_an_upload_that_plex_rejects_fails_alone(worker: InProcessHarness) -> None:
    worker.plex.faults.add(Fault("status", method="POST", status=400))
    scene = worker.titled_scene("a", title="Written", cover=png(1))

    report = worker.drain_scenes(scene)

    assert (report.done, worker.titled_item("a").title) == (1, "Written")
    assert "poster" in worker.notices()["part:poster"]


def test_a_failed_upload_is_repeated_without_the_text(worker: InProcessHarness) -> None:
    worker.plex.faults.add(Fault("status", method="POST", status=500))
    scene = worker.titled_scene("a", title="Written", cover=png(1))
    worker.drain_scenes(scene)
    waiting = worker.job(scene)
    worker.plex.reset_counts()
    worker.clock.advance(100)

    report = worker.drain()

    assert waiting[2] == "PlexTemporaryError"
    assert report.done == 1
    assert worker.titled_item("a").poster_bytes == png(1)
    assert worker.plex.count("PUT") == 0


def test_an_unreadable_cover_ends_in_a_dead_letter(worker: InProcessHarness) -> None:
    worker.stash.faults.fail(500, kind="screenshot", times=3)
    broken = worker.titled_scene("a", title="Text arrives", cover=png(1))
    worker.drain_scenes(broken)
    after = worker.drain_scenes(worker.titled_scene("b", cover=png(2)))
    for _ in range(3):
        worker.clock.advance(100)
        worker.drain()

    assert after.halted_by == ""
    assert worker.titled_item("a").title == "Text arrives"
    assert worker.titled_item("b").title == "Title b"
