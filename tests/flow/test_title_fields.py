"""Titles after a format, and the fields beside them: derived by Plex, renamed, restored."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.flow.test_fan_out import library, rename
from tests.harness.in_process import InProcessHarness, in_process

FORMATS = {"c_title_format": "[{studio}: ]{title}", "c_sort_title_format": "{studio}[ {date}]"}
SCENE: dict[str, Any] = {"title": "The Night", "studio": "Aurora", "date": "2024-03-09"}


@pytest.fixture(params=[True, False], ids=["equal sort title shown", "equal sort title left out"])
def worker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[InProcessHarness]:
    with in_process(tmp_path) as made:
        made.plex.switches.equal_sort_title = request.param
        yield made


def titles(worker: InProcessHarness, item: int) -> tuple[str, str, bool]:
    """The title, the sort title, and whether that is locked."""
    shown = worker.shown(item)
    return shown.title, shown.title_sort, "titleSort" in shown.locked


def synced(worker: InProcessHarness, **settings: object) -> tuple[int, int]:
    worker.configure(**settings)
    scene, item = worker.pair("a.mp4", **SCENE)
    worker.sync(scene)
    return scene, item


def test_both_titles_follow_their_formats(worker: InProcessHarness) -> None:
    scene, item = synced(worker, **FORMATS)

    assert titles(worker, item) == ("Aurora: The Night", "Aurora 2024-03-09", True)
    assert worker.is_stable(scene)


@pytest.mark.parametrize("does", ["derived", "ignored"])
def test_a_cleared_sort_title_is_left_to_plex(worker: InProcessHarness, does: Any) -> None:
    worker.plex.switches.empty_sort_title = does
    scene, item = synced(worker, c_sort_title_format="[{studio}]")
    worker.change(scene, studio=None)

    worker.sync(scene)

    derived = "Night" if does == "derived" else "Aurora"
    assert titles(worker, item) == ("The Night", derived, False)
    assert worker.is_stable(scene)


def test_a_sort_title_that_equals_the_title_is_kept(worker: InProcessHarness) -> None:
    scene, item = synced(worker, c_title_format="{title}", c_sort_title_format="{title}")
    assert titles(worker, item) == ("The Night", "The Night", True)

    worker.change(scene, title="Day")
    worker.sync(scene)

    assert titles(worker, item) == ("Day", "Day", True)
    assert worker.is_stable(scene)


@pytest.mark.parametrize("locks", [True, False])
def test_a_new_title_does_not_change_the_sort_title(worker: InProcessHarness, locks: bool) -> None:
    """Plex derives an unlocked sort title again, also one that already is as it should be."""
    scene, item = worker.pair("a.mp4", **{**SCENE, "title": "Day"})
    worker.plex.library.change(item, title="Day", locked=set())
    worker.configure(c_lock_fields=locks, **{**FORMATS, "c_sort_title_format": "{title}"})

    worker.sync(scene)

    assert titles(worker, item) == ("Aurora: Day", "Day", locks)
    worker.sync(scene)
    assert worker.record(scene).fields["sort_title"].history.not_kept == 0
    assert worker.is_stable(scene)


def test_an_untitled_scene_keeps_plexs_title(worker: InProcessHarness) -> None:
    worker.configure(**FORMATS)
    scene, item = worker.pair("a.mp4", **{**SCENE, "title": ""})
    before = worker.shown(item).title

    worker.sync(scene)

    assert worker.shown(item).title == before
    assert worker.is_stable(scene)


@pytest.mark.parametrize(
    ("kind", "name"), [("studio", "Aurora"), ("studio", "Network"), ("performer", "Mia")]
)
def test_a_rename_reaches_titles_where_the_field_is_off(
    worker: InProcessHarness, kind: str, name: str
) -> None:
    worker.configure(
        c_title_format="{title}[ by {performers}][ for {studio}][ of {parent}]",
        c_sync_performers=False,
        c_sync_studio=False,
        c_sync_collection=False,
    )
    network = worker.stash.library.add_studio("Network")
    studio = worker.stash.library.add_studio("Aurora", parent=network)
    _, items = library(worker, title="Night", studio=studio, performers=["Mia"])
    number = getattr(worker.stash.library, f"{kind}_id")(name)

    rename(worker, kind, number, "Other")

    shown = "Night by Mia for Aurora of Network".replace(name, "Other")
    assert [worker.shown(item).title for item in items] == [shown] * 3
