"""Test Preserve Plex edits: the user's values stay, PlexSync's follow Stash, item by item."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.job import FORCE_SYNC
from tests.emulators.stash_images import png
from tests.harness.in_process import FULL, SETTLED_S, InProcessHarness, among_bystanders


@pytest.fixture(params=[False, True], ids=["tags are added", "tags are replaced"])
def worker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[InProcessHarness]:
    with among_bystanders(tmp_path, request.param) as made:
        yield made


def genres(worker: InProcessHarness, item: int) -> set[str]:
    return set(worker.shown(item).genres)


@pytest.fixture
def kept(worker: InProcessHarness) -> InProcessHarness:
    """The worker with "Preserve Plex edits" on."""
    worker.configure(c_preserve_plex_edits=True)
    return worker


def test_a_genre_added_by_hand_survives(
    kept: InProcessHarness,
) -> None:
    scene, item = kept.pair("a.mp4", tags=["ours", "both"])
    kept.sync(scene)
    kept.plex.library.change(item, genres=["ours", "both", "by hand"])
    kept.change(scene, tags=["both", "new"])

    with kept.writes_only(item):
        kept.sync(scene)

    assert genres(kept, item) == {"both", "new", "by hand"}


def test_what_was_there_before_us_survives_too(kept: InProcessHarness) -> None:
    scene, item = kept.pair("a.mp4", tags=["ours", "shared"], performers=["Mia"])
    kept.plex.library.change(item, genres=["before", "shared"], roles=["Before"])
    kept.sync(scene)
    kept.change(scene, tags=[], performers=[])

    with kept.writes_only(item):
        kept.sync(scene)

    assert genres(kept, item) == {"before", "shared"}
    assert kept.shown(item).roles == ["Before"]


@pytest.mark.parametrize(
    ("attribute", "by_hand", "field"),
    [
        ("title", "My title", "title"),
        ("summary", "My summary.", "details"),
        ("studio", "My studio", "studio"),
        ("tagline", "My tagline", "director"),
        ("date", "1999-09-09", "date"),
        ("user_rating", 3.0, "rating100"),
    ],
)
def test_a_hand_edited_field_survives_and_others_follow_stash(
    kept: InProcessHarness, attribute: str, by_hand: object, field: str
) -> None:
    scene, item = kept.pair("a.mp4", **FULL)
    kept.sync(scene)
    kept.plex.library.change(item, **{attribute: by_hand})
    changed = {
        **FULL,
        "title": "New",
        "details": "New.",
        "studio": "New",
        "director": "New",
        "date": "2025-01-01",
    }
    kept.change(scene, **{**changed, "rating100": 60})

    with kept.writes_only(item):
        kept.sync(scene)

    shown = kept.shown(item)
    values = {
        "title": shown.title,
        "summary": shown.summary,
        "studio": shown.studio,
        "tagline": shown.tagline,
        "date": shown.date,
        "user_rating": shown.user_rating,
    }
    followed = {
        "title": "New",
        "summary": "New.",
        "studio": "New",
        "tagline": "New",
        "date": "2025-01-01",
        "user_rating": 6.0,
    }
    assert values == {**followed, attribute: by_hand}, field


def test_the_title_of_a_fresh_item_is_nobodys(kept: InProcessHarness) -> None:
    first, item = kept.pair("a.mp4", title="From Stash")
    second, locked = kept.pair("b.mp4", title="From Stash, too")
    kept.plex.library.change(locked, title="Theirs", locked={"title"})

    with kept.writes_only(item):
        kept.sync(first, second)  # together: what one batch shares obeys the same rules

    assert kept.shown(item).title == "From Stash"
    assert kept.shown(locked).title == "Theirs"


@pytest.mark.parametrize("trim", [False, True])
def test_a_value_that_plex_trims_is_never_a_hand_edit(kept: InProcessHarness, trim: bool) -> None:
    kept.plex.switches.trim_text = trim
    scene, item = kept.pair(
        "a.mp4", details="  One.\r\nTwo.\n ", title="  Spaces  ", tags=["TRAIN"]
    )
    kept.sync(scene)
    kept.change(scene, details="  Three.\r\n ", title=" More spaces ", tags=["TRAIN", "x"])

    with kept.writes_only(item):
        kept.sync(scene)

    shown = kept.shown(item)
    assert (shown.summary.strip(), shown.title.strip()) == ("Three.", "More spaces")
    assert genres(kept, item) == {"train", "x"}
    kept.change(scene, tags=[])
    kept.sync(scene)
    assert genres(kept, item) == set()


@pytest.fixture(params=[True, False], ids=["uploads lock", "uploads do not lock"])
def pictured(kept: InProcessHarness, request: pytest.FixtureRequest) -> InProcessHarness:
    """The worker that also writes the cover as background."""
    kept.configure(c_background_source="cover")
    kept.plex.switches.upload_locks = request.param
    return kept


IMAGES = pytest.mark.parametrize(
    ("image", "lock"), [("poster", "thumb"), ("background", "art")], ids=["poster", "background"]
)


def shown_image(worker: InProcessHarness, item: int, image: str) -> bytes | None:
    shown = worker.shown(item)
    return shown.poster_bytes if image == "poster" else shown.art_bytes


@IMAGES
def test_an_image_chosen_by_hand_survives_another_cover(
    pictured: InProcessHarness, image: str, lock: str
) -> None:
    scene, item = pictured.pair("a.mp4", cover=png(1))
    pictured.sync(scene)
    pictured.plex.library.change(item, **{image: png(7)})
    pictured.change(scene, title="New", cover=png(2))

    pictured.sync(scene)

    other = "background" if image == "poster" else "poster"
    assert shown_image(pictured, item, image) == png(7)
    assert shown_image(pictured, item, other) == png(2)
    assert pictured.shown(item).title == "New"


@IMAGES
def test_an_image_chosen_before_the_first_sync_survives(
    pictured: InProcessHarness, image: str, lock: str
) -> None:
    scene, item = pictured.pair("a.mp4", cover=png(1))
    pictured.plex.library.change(item, **{image: png(7)})

    pictured.sync(scene)
    asked = pictured.requests_of(lambda: pictured.sync(scene))

    assert shown_image(pictured, item, image) == png(7)
    assert not [request for request in asked if request.endswith(("/posters", "/arts"))]


@IMAGES
def test_an_image_that_is_not_locked_was_not_chosen_by_hand(
    pictured: InProcessHarness, image: str, lock: str
) -> None:
    scene, item = pictured.pair("a.mp4", cover=png(1))
    pictured.plex.library.change(item, **{image: png(7)})
    pictured.plex.library.change(item, locked=pictured.shown(item).locked - {lock})

    pictured.sync(scene)

    assert shown_image(pictured, item, image) == png(1)


def test_a_poster_of_an_earlier_sync_is_ours(pictured: InProcessHarness) -> None:
    """Also where the record was lost, and where one of the covers before is shown."""
    scene, item = pictured.pair("a.mp4", cover=png(1))
    pictured.sync(scene)
    pictured.change(scene, cover=png(2))
    pictured.sync(scene)
    pictured.plex.library.change(item, poster=png(1))
    pictured.context().records.forget_scene(scene)
    pictured.change(scene, cover=png(3))

    pictured.sync(scene)

    assert pictured.shown(item).poster_bytes == png(3)


def test_a_poster_by_hand_is_replaced_once_preserve_is_off(pictured: InProcessHarness) -> None:
    scene, item = pictured.pair("a.mp4", cover=png(1))
    pictured.plex.library.change(item, poster=png(7))
    pictured.sync(scene)
    pictured.configure(c_preserve_plex_edits=False)

    pictured.sync(scene)

    assert pictured.shown(item).poster_bytes == png(1)


def test_force_sync_replaces_a_poster_that_was_unlocked(pictured: InProcessHarness) -> None:
    scene, item = pictured.pair("a.mp4", cover=png(1))
    pictured.plex.library.change(item, poster=png(7))
    force(pictured, scene)
    was_shown = pictured.shown(item).poster_bytes
    pictured.plex.library.change(item, locked=set())

    force(pictured, scene)

    assert (was_shown, pictured.shown(item).poster_bytes) == (png(7), png(1))


def force(worker: InProcessHarness, scene: int) -> None:
    worker.clock.advance(SETTLED_S)
    worker.enqueue(scene, cause=FORCE_SYNC)
    worker.run_until_idle()


def test_without_preserve_stash_wins_over_a_poster(worker: InProcessHarness) -> None:
    scene, item = worker.pair("a.mp4", cover=png(1))
    worker.sync(scene)
    worker.plex.library.change(item, poster=png(7))
    worker.change(scene, cover=png(2))

    worker.sync(scene)

    assert worker.shown(item).poster_bytes == png(2)


def test_without_preserve_stash_wins(worker: InProcessHarness) -> None:
    scene, item = worker.pair("a.mp4", **FULL)
    worker.sync(scene)
    worker.plex.library.change(item, title="By hand", genres=["by hand"])

    with worker.writes_only(item):
        worker.sync(scene)

    assert (worker.shown(item).title, genres(worker, item)) == ("Night Train", {"train", "night"})
