"""What would be written is said without writing."""

import pytest

from sync.preview import FOREIGN_LOCK, Preview, PreviewTotals, preview
from tasks.dry_run_rows import preview_row
from tests.harness.in_process import InProcessHarness


def seen(worker: InProcessHarness, scene: int) -> Preview:
    (shown,) = preview(worker.context(), [scene])
    return shown


def test_the_changes_of_each_field_are_shown(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", title="New", details="Words. " * 50)

    shown = seen(worker, scene)

    assert shown.fields == ("title", "summary")
    assert f"Scene {scene} (New): exact_path 1.0" in shown.lines()[0]
    assert any(line.endswith("title = 'New'.") for line in shown.lines())
    assert all(len(line) < 200 for line in shown.lines())
    assert worker.plex.writes() == []
    assert worker.record(scene) is None


def test_a_lock_of_somebody_else_is_named(worker: InProcessHarness) -> None:
    scene, item = worker.pair("a", title="New", details="Words.")
    worker.plex.library.change(item, title="Theirs", locked={"title"})

    before = seen(worker, scene)
    worker.drain_scenes(scene)
    worker.stash.library.change_scene(scene, touch=True, title="Newer")
    after = seen(worker, scene)

    assert [line for line in before.lines() if FOREIGN_LOCK in line] == [
        f"Item {item}: title = 'New' {FOREIGN_LOCK}."
    ]
    assert dict(preview_row(before).changes)["title"] == f"New {FOREIGN_LOCK}"
    assert after.fields == ("title",)
    assert FOREIGN_LOCK not in "".join(after.lines())


def test_a_scene_that_is_current_differs_in_nothing(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", title="Same")
    worker.drain_scenes(scene)

    assert seen(worker, scene).lines()[-1].endswith("nothing differs.")


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"b_only_organized": True}, "it is not organized"),
        ({"b_excluded_paths": "/data"}, "its file lies below /data"),
        ({"b_match_overrides": "1 => never"}, "the match overrides say never"),
        (
            {"b_match_overrides": "1 => item 4242"},
            "MatchError: The match overrides send scene 1 to item 4242",
        ),
        ({"c_sync_metadata": False}, "it has no file, or nothing is synced at all"),
    ],
)
def test_what_is_in_the_way_is_named(
    worker: InProcessHarness, settings: dict[str, object], problem: str
) -> None:
    worker.configure(**settings)

    assert problem in seen(worker, worker.titled_scene("a", title="New")).problem


def test_a_scene_that_is_gone_or_not_in_plex_is_named(worker: InProcessHarness) -> None:
    lost = worker.titled_scene("lost", in_plex=False)

    shown = preview(worker.context(), [lost, 4711])

    assert shown[0].problem.startswith("PlexNotFound: ")
    assert shown[1].problem == "it is not in Stash"


def test_the_candidates_of_an_ambiguous_scene_are_shown(worker: InProcessHarness) -> None:
    for year in (2019, 2024):
        worker.plex.library.add_item(worker.section, [(f"/media/{year}/holiday.mp4", 1_000)])
    scene = worker.stash.library.add_scene("/data/inbox/holiday.mp4", 1_000)

    shown = seen(worker, scene)

    assert shown.problem.startswith("AmbiguousMatch: ")
    assert sum(line.startswith("Candidate: item ") for line in shown.lines()) == 2


def test_fields_are_counted_over_all_scenes(worker: InProcessHarness) -> None:
    scenes = [
        worker.titled_scene("a", title="A"),
        worker.titled_scene("b", title="B", details="Words."),
    ]

    tally = PreviewTotals()
    for one in preview(worker.context(), scenes):
        tally.add(one)

    assert tally.answer()["fields"] == {"title": 2, "summary": 1}
    assert tally.lines()[0] == "By field: 2 x title, 1 x summary."
