"""Each Plex library gets the fields and formats that its rules ask for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.job import PRIORITY_BACKFILL
from tests.flow.test_reconcile import reconcile
from tests.harness.images import picture
from tests.harness.in_process import FULL, InProcessHarness, in_process
from tests.harness.requests import written_items

DAY_S = 86_400.0


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[InProcessHarness]:
    with in_process(tmp_path) as made:
        yield made


def set_rules(worker: InProcessHarness, **rules: dict[str, object]) -> None:
    worker.configure(b_library_rules=json.dumps(rules))


def two_items(worker: InProcessHarness, name: str = "a.mp4", **fields: Any) -> tuple[int, int, int]:
    """A scene, and the items of its file in the libraries Scenes and Other."""
    titles = {one.title: key for key, one in worker.plex.library.sections.items()}
    other = titles.get("Other") or worker.plex.library.add_section("Other", ["/media"]).key
    scene, first = worker.pair(name, **{**FULL, **fields})
    return scene, first, worker.add_item(f"/media/{name}", section=other)


def test_each_library_gets_its_own_fields(worker: InProcessHarness) -> None:
    set_rules(worker, Other={"sync_studio": False, "max_tags": 1, "tagline_source": "director"})
    scene, first, second = two_items(worker)

    worker.sync(scene)

    assert [worker.shown(item).title for item in (first, second)] == [FULL["title"]] * 2
    assert [worker.shown(item).studio for item in (first, second)] == ["Aurora", None]
    assert [len(worker.shown(item).genres) for item in (first, second)] == [2, 1]
    assert [worker.shown(item).tagline for item in (first, second)] == [None, "Ada"]


def test_locks_and_images_follow_the_library(worker: InProcessHarness) -> None:
    set_rules(worker, Other={"lock_fields": False, "sync_poster": False})
    scene, first, second = two_items(worker, cover=picture(1))

    worker.sync(scene)

    assert worker.shown(first).poster_bytes == picture(1)
    assert worker.shown(second).poster_bytes != picture(1)
    assert "title" in worker.shown(first).locked
    assert worker.shown(second).locked == frozenset()


def test_edits_by_hand_stay_where_the_library_asks_for_it(worker: InProcessHarness) -> None:
    set_rules(worker, Other={"preserve_plex_edits": True})
    scene, first, second = two_items(worker)
    worker.sync(scene)
    for item in (first, second):
        worker.plex.library.change(item, summary="By hand")

    worker.change(scene, details="Changed.")
    worker.sync(scene)

    assert [worker.shown(item).summary for item in (first, second)] == ["Changed.", "By hand"]


def test_shared_edits_never_mix_two_libraries(worker: InProcessHarness) -> None:
    set_rules(worker, Other={"max_tags": 1})
    made = [two_items(worker, f"{number}.mp4") for number in range(4)]

    worker.sync(*(scene for scene, _, _ in made), priority=PRIORITY_BACKFILL)

    for _, first, second in made:
        assert sorted(worker.shown(first).genres) == ["night", "train"]
        assert len(worker.shown(second).genres) == 1


def test_comparing_finds_nothing_once_both_are_in_step(worker: InProcessHarness) -> None:
    set_rules(worker, Other={"sync_studio": False, "sync_poster": False, "max_tags": 1})
    scene, _, second = two_items(worker, cover=picture(1))
    worker.sync(scene)
    worker.clock.advance(DAY_S)

    in_step = reconcile(worker)
    worker.plex.library.change(second, studio="Agent's", summary="Agent's")
    drifted = reconcile(worker)

    assert in_step["gaps"] == {}
    assert drifted["fields"] == {"drifted": {"summary": 1}}
    assert worker.shown(second).studio == "Agent's"


def test_a_changed_rule_reaches_plex_with_the_next_sync(worker: InProcessHarness) -> None:
    scene, first, second = two_items(worker)
    worker.sync(scene)
    set_rules(worker, Other={"max_tags": 1})

    with worker.writes_only(second):
        worker.sync(scene)

    assert len(worker.shown(first).genres) == 2
    assert len(worker.shown(second).genres) == 1


def test_an_unknown_library_is_reported_once_and_changes_nothing(worker: InProcessHarness) -> None:
    set_rules(worker, Elsewhere={"sync_title": False})
    scene, item = worker.pair("a.mp4", **FULL)

    worker.sync(scene)
    worker.sync(scene)

    assert worker.shown(item).title == FULL["title"]
    assert worker.worker_log().count("library_rules.unknown") == 1
    assert "libraries that Plex does not have: Elsewhere" in worker.notices()["library_rules"]


def test_a_bad_rule_is_reported_and_the_others_hold(worker: InProcessHarness) -> None:
    set_rules(worker, Scenes={"max_tags": "many", "sync_studio": False})
    scene, item = worker.pair("a.mp4", **FULL)

    worker.sync(scene)

    assert (worker.shown(item).studio, len(worker.shown(item).genres)) == (None, 2)
    (warning,) = [text for kind, text in worker.notices().items() if kind.startswith("setting:")]
    assert "library 'Scenes', setting 'max_tags': not a number" in warning


def test_no_rules_change_no_request(worker: InProcessHarness) -> None:
    scene, first, second = two_items(worker)
    worker.sync(scene)
    set_rules(worker)

    worker.plex.reset_counts()
    worker.sync(scene)

    assert written_items(worker.plex.writes()) == set()
