"""Test filters, and matches that the user decided by hand, over the whole path."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness.in_process import InProcessHarness


def ambiguous(worker: InProcessHarness) -> tuple[int, list[int]]:
    """A scene that two items could be."""
    items = [
        worker.plex.library.add_item(worker.section, [(f"/media/{year}/holiday.mp4", 1_000)])
        for year in (2019, 2024)
    ]
    return worker.stash.library.add_scene("/data/inbox/holiday.mp4", 1_000), items


@pytest.mark.parametrize(
    "settings",
    [
        {"b_only_organized": True},
        {"b_excluded_tags": "private"},
        {"b_excluded_paths": "/data/private"},
        {"b_match_overrides": "scene 1 => never"},
        {"b_required_stash_id": True},
        {"b_required_tags": "ready"},
        {"b_included_paths": "/data/public"},
        {"b_min_rating": 1},
    ],
)
def test_an_excluded_scene_is_left_alone_until_the_setting_goes(
    worker: InProcessHarness, settings: dict[str, Any]
) -> None:
    worker.configure(**settings)
    scene = worker.scene("private/a.mp4")

    worker.edit(scene, title="Secret", tags=["private"])
    worker.work()
    writes = worker.plex.writes()
    worker.configure(**{key: False if value is True else "" for key, value in settings.items()})
    worker.edit(scene, title="Shown")
    worker.work_until(lambda: worker.item("private/a.mp4").title == "Shown")

    assert (scene, writes) == (1, [])
    assert "what=excluded" in worker.worker_log()
    assert worker.jobs() == []
    assert worker.dead_letters() == []


def test_an_organized_scene_passes_the_filter(worker: InProcessHarness) -> None:
    worker.configure(b_only_organized=True)
    scene = worker.scene()

    worker.edit(scene, title="Done", organized=True)
    worker.work()

    assert worker.item().title == "Done"


@pytest.mark.parametrize(
    ("settings", "fields"),
    [
        (
            {"b_required_stash_id": True},
            {"stash_ids": [{"endpoint": "https://box.example/graphql", "stash_id": "9a6e"}]},
        ),
        ({"b_required_tags": "ready"}, {"tags": ["Ready"]}),
        ({"b_min_rating": 60}, {"rating100": 60}),
    ],
)
def test_a_scene_is_sent_once_it_meets_the_condition(
    worker: InProcessHarness, settings: dict[str, Any], fields: dict[str, Any]
) -> None:
    worker.configure(**settings)
    scene = worker.scene()
    worker.edit(scene, title="Draft")
    worker.work()
    before = worker.plex.writes()

    worker.edit(scene, **fields)
    worker.work()

    assert before == []
    assert worker.item().title == "Draft"


def test_a_scene_that_becomes_organized_is_sent_whole(worker: InProcessHarness) -> None:
    worker.configure(b_only_organized=True)
    scene = worker.scene()
    worker.edit(scene, title="Draft", details="Words.")
    worker.work()
    before = worker.plex.writes()

    worker.edit(scene, organized=True)
    worker.work()

    assert before == []
    assert (worker.item().title, worker.item().summary) == ("Draft", "Words.")


@pytest.mark.parametrize(
    ("settings", "left_alone"),
    [
        ({"b_only_organized": True}, {"organized": False}),
        ({"b_excluded_tags": "private"}, {"tags": ["warm", "private"]}),
    ],
)
def test_what_was_sent_stays_when_the_scene_is_excluded_later(
    worker: InProcessHarness, settings: dict[str, Any], left_alone: dict[str, Any]
) -> None:
    worker.configure(**settings)
    scene = worker.scene()
    worker.edit(
        scene, title="Shown", details="Words.", tags=["warm"], studio="Aurora", organized=True
    )
    worker.work()
    worker.plex.reset_counts()

    worker.edit(scene, **left_alone)
    worker.edit(scene, title="Hidden", details="")
    worker.work_for(1800.0, step=60.0)

    item = worker.item()
    assert (worker.plex.writes(), worker.jobs()) == ([], [])
    assert (item.title, item.summary, item.genres, item.collections) == (
        "Shown",
        "Words.",
        ["warm"],
        ["Aurora"],
    )


def test_a_pin_decides_an_ambiguous_match(worker: InProcessHarness) -> None:
    scene, items = ambiguous(worker)
    worker.configure(b_match_overrides=f"scene {scene} => item {items[1]}")

    worker.edit(scene, title="Holiday")
    worker.work()

    assert [worker.plex.library.item(item).title for item in items] == ["holiday", "Holiday"]
    assert worker.dead_letters() == []
    assert worker.recorded_items(scene) == [items[1]]


def test_a_pin_reaches_an_item_in_a_second_library(worker: InProcessHarness) -> None:
    other = worker.plex.library.add_section("More", ["/more"]).key
    item = worker.plex.library.add_item(other, [("/more/somewhere else.mp4", 77)])
    scene = worker.scene(in_plex=False)
    worker.configure(b_match_overrides=f"scene {scene} => item {item}")

    worker.edit(scene, title="There", details="Words.")
    worker.work()

    assert (worker.plex.library.item(item).title, worker.plex.library.item(item).summary) == (
        "There",
        "Words.",
    )


def test_an_override_to_a_missing_item_is_a_dead_letter(worker: InProcessHarness) -> None:
    scene, _ = ambiguous(worker)
    worker.configure(b_match_overrides=f"scene {scene} => item 424242")

    worker.edit(scene, title="Holiday")
    worker.work()

    (dead_letter,) = worker.dead_letters()
    assert dead_letter.reason == "MatchError"
    assert "item 424242, which Plex does not have" in dead_letter.message
    assert worker.plex.writes() == []


def test_a_pin_wins_over_the_scene_that_wrote_the_item_before(worker: InProcessHarness) -> None:
    first = worker.scene()
    worker.edit(first, title="First")
    worker.work()
    second = worker.scene("b.mp4", in_plex=False)
    worker.configure(b_match_overrides=f"scene {second} => item {worker.item().rating_key}")

    worker.edit(second, title="Second")
    worker.work()
    worker.edit(first, title="First again")
    worker.work()

    assert worker.item().title == "Second"
    assert f"also plays scene {second}" in worker.worker_log()


def test_what_plex_gains_later_is_found_where_others_are_skipped(worker: InProcessHarness) -> None:
    worker.configure(b_skip_not_found=True)
    scene = worker.scene(in_plex=False)
    worker.edit(scene, title="Not there yet")
    worker.work()
    worker.plex.library.add_item(worker.section, [("/media/a.mp4", 1_000)])
    worker.clock.advance(60.0)

    worker.edit(scene, title="There")
    worker.work()

    assert worker.item().title == "There"


def test_a_scene_absent_from_a_subset_library_is_skipped(
    worker: InProcessHarness,
) -> None:
    worker.configure(b_skip_not_found=True)
    scene = worker.scene(in_plex=False)

    worker.edit(scene, title="Elsewhere")
    worker.work()

    assert worker.jobs() == []
    assert "what=skipped" in worker.worker_log()
