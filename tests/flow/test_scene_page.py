"""The calls about one scene: what it shows and why, a search, and Plex's own values again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.fields import FIELDS
from page.scene_fields import IMAGES_ARE_COMPARED_LATER, NOT_CLEARED, PRESERVED
from tests.harness.in_process import FULL, InProcessHarness, in_process
from tests.harness.page_calls import PageCalls


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[InProcessHarness]:
    with in_process(tmp_path) as made:
        yield made


@pytest.fixture
def page(worker: InProcessHarness) -> PageCalls:
    return PageCalls(worker.data, worker.stash)


def fields(answer: Any) -> dict[str, Any]:
    (item,) = answer["items"]
    return {row["name"]: row for row in item["fields"]}


def test_a_synced_scene_is_in_step(worker: InProcessHarness, page: PageCalls) -> None:
    scene, item = worker.pair("a.mp4", **FULL)
    worker.sync(scene)
    writes = len(worker.plex.writes())

    answer = page("scene", scene=scene)

    assert (answer["state"], answer["problem"], answer["override"]) == ("in_step", "", None)
    (row,) = answer["items"]
    assert (row["item"], row["library"], row["can_restore"]) == (item, "Scenes", True)
    assert row["reason"].startswith("exact_path")
    assert row["link"].endswith(f"%2Flibrary%2Fmetadata%2F{item}")
    shown = fields(answer)
    assert [*shown] == [field.name for field in FIELDS]
    title = shown["title"]
    assert (title["stash"], title["plex"], title["write"]) == ("Night Train", "Night Train", None)
    assert (title["owner"], title["is_locked"], title["is_on"]) == ("stash", True, True)
    assert shown["tags"]["stash"] == "night, train"
    assert (shown["rating"]["is_on"], shown["rating"]["stash"]) == (False, "8.0")
    assert shown["poster"]["note"] == IMAGES_ARE_COMPARED_LATER
    assert len(worker.plex.writes()) == writes


def test_what_differs_is_shown_with_what_would_be_written(
    worker: InProcessHarness, page: PageCalls
) -> None:
    scene, item = worker.pair("a.mp4", **FULL)
    worker.sync(scene)
    worker.plex.library.change(item, title="By hand", summary="")
    worker.change(scene, studio="Nova")

    answer = page("scene", scene=scene)

    shown = fields(answer)
    assert answer["state"] == "differs"
    assert (shown["title"]["owner"], shown["title"]["write"]) == ("hand", "Night Train")
    assert shown["summary"]["owner"] == "none"
    assert (shown["studio"]["plex"], shown["studio"]["write"]) == ("Aurora", "Nova")


def test_values_that_stay_have_a_reason(worker: InProcessHarness, page: PageCalls) -> None:
    worker.configure(c_preserve_plex_edits=True)
    scene, item = worker.pair("a.mp4", title="Mine", details="")
    worker.sync(scene)
    worker.plex.library.change(item, title="By hand", summary="Plex's own")

    shown = fields(page("scene", scene=scene))

    assert (shown["title"]["note"], shown["title"]["write"]) == (PRESERVED, None)
    assert shown["summary"]["note"] in (NOT_CLEARED, PRESERVED)
    assert shown["summary"]["write"] is None


def test_states_follow_the_queue(worker: InProcessHarness, page: PageCalls) -> None:
    scene = worker.add_scene("/data/lost.mp4", 1_000)
    assert page("scene", scene=scene)["state"] == "none"

    assert "next" in page("sync_scene", scene=scene)["text"]

    answer = page("scene", scene=scene)
    assert (answer["state"], answer["items"]) == ("waiting", [])
    page("set_override", scenes=[scene], item=None)
    left_out = page("scene", scene=scene)
    assert (left_out["state"], left_out["override"]) == ("left_out", 0)
    assert left_out["override_source"] == "page"
    assert page("scene", scene=scene + 5)["state"] == "none"


def test_a_dead_letter_comes_with_its_candidates(worker: InProcessHarness, page: PageCalls) -> None:
    items = [worker.add_item(f"/media/{year}/holiday.mp4", 1_000) for year in (2019, 2024)]
    scene = worker.add_scene("/inbox/holiday.mp4", 1_000, title="Holiday")
    worker.sync(scene)

    answer = page("scene", scene=scene)

    assert answer["state"] == "dead_letter"
    assert "by hand" in answer["text"]
    assert sorted(one["item"] for one in answer["candidates"]) == items


def test_without_plex_the_rest_is_shown(worker: InProcessHarness, page: PageCalls) -> None:
    scene, _ = worker.pair("a.mp4")
    worker.enqueue(scene)
    worker.plex.stop()

    answer = page("scene", scene=scene)

    assert (answer["state"], answer["items"]) == ("waiting", [])
    assert "Plex" in answer["problem"]


def test_items_are_found_by_title_and_file_name(worker: InProcessHarness, page: PageCalls) -> None:
    scene, item = worker.pair("night-train.mp4", title="Aurora, part 1", date="2024-03-09")
    worker.sync(scene)
    other = worker.add_item("/media/other.mp4", title="Day")

    by_title = page("search_items", text="aurora, PART")["items"]
    by_file = page("search_items", text="NIGHT-tr")["items"]

    assert [found["item"] for found in by_title] == [found["item"] for found in by_file] == [item]
    assert (by_file[0]["title"], by_file[0]["path"]) == ("Aurora, part 1", "/media/night-train.mp4")
    assert by_file[0]["library"] == "Scenes"
    assert [found["item"] for found in page("search_items", text="day")["items"]] == [other]
    assert page("search_items", text="nothing of this")["items"] == []


def test_restoring_a_scene_ends_its_syncs(worker: InProcessHarness, page: PageCalls) -> None:
    scene, item = worker.pair("a.mp4", title="Ours", details="Words.")
    other, other_item = worker.pair("b.mp4", title="Other")
    assert "nothing to put back" in page("restore_scene", scene=scene, confirm=5)["text"]
    assert page("overrides")["rows"] == []
    worker.plex.library.change(item, title="Plex's", summary="Before")
    worker.sync(scene, other)

    assert page("restore_scene", scene=scene) == {"count": 1, "is_done": False, "text": ""}
    assert worker.shown(item).title == "Ours"
    with worker.writes_only(item):
        answer = page("restore_scene", scene=scene, confirm=1)
        worker.change(scene, title="Edited later")
        worker.sync(scene)

    assert (answer["is_done"], answer["count"]) == (True, 1)
    assert "never synced" in answer["text"]
    assert (worker.shown(item).title, worker.shown(item).summary) == ("Plex's", "Before")
    assert worker.shown(other_item).title == "Other"
    assert "nothing to put back" in page("restore_scene", scene=scene)["text"]


def test_a_scene_of_the_setting_is_not_restored(worker: InProcessHarness, page: PageCalls) -> None:
    scene, item = worker.pair("a.mp4", title="Ours")
    worker.configure(b_match_overrides=f"scene {scene} => item {item}")
    worker.sync(scene)

    assert "Match overrides" in page.error("restore_scene", scene=scene, confirm=1)
    assert worker.shown(item).title == "Ours"


def test_each_item_is_shown_with_the_settings_of_its_library(
    worker: InProcessHarness, page: PageCalls
) -> None:
    worker.configure(b_library_rules='{"Other": {"sync_studio": false, "max_tags": 1}}')
    other = worker.plex.library.add_section("Other", ["/media"]).key
    scene, _ = worker.pair("a.mp4", **FULL)
    worker.add_item("/media/a.mp4", section=other)
    worker.sync(scene)

    answer = page("scene", scene=scene)

    shown = {row["library"]: {one["name"]: one for one in row["fields"]} for row in answer["items"]}
    assert [shown[title]["studio"]["is_on"] for title in ("Scenes", "Other")] == [True, False]
    assert [shown[title]["tags"]["stash"] for title in ("Scenes", "Other")] == [
        "night, train",
        "night",
    ]
    assert answer["state"] == "in_step"


def test_an_excluded_scene_names_its_reason(worker: InProcessHarness, page: PageCalls) -> None:
    worker.configure(b_required_tags="ready", b_on_excluded="restore")
    scene, _ = worker.pair("a.mp4", **{**FULL, "tags": ["ready"]})
    worker.sync(scene)
    worker.change(scene, tags=[])

    answer = page("scene", scene=scene)

    assert (answer["state"], answer["text"]) == (
        "left_out",
        "PlexSync leaves the scene alone: it carries none of the required tags, and a sync puts "
        "back what 1 item showed before PlexSync.",
    )
