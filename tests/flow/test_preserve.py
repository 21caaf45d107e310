"""Test Preserve Plex edits: the user's values stay, PlexSync's follow Stash, item by item."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.in_process import FULL, InProcessHarness, among_bystanders


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


def test_without_preserve_stash_wins(worker: InProcessHarness) -> None:
    scene, item = worker.pair("a.mp4", **FULL)
    worker.sync(scene)
    worker.plex.library.change(item, title="By hand", genres=["by hand"])

    with worker.writes_only(item):
        worker.sync(scene)

    assert (worker.shown(item).title, genres(worker, item)) == ("Night Train", {"train", "night"})
