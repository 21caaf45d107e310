"""The texts of actors' roles, and performers whose details change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.flow.test_fan_out import LATER_S, hook, library
from tests.flow.test_restore import TaskRunner, switch_off
from tests.harness.in_process import InProcessHarness, in_process


@pytest.fixture(params=[False, True], ids=["tags are added", "tags are replaced"])
def worker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[InProcessHarness]:
    with in_process(tmp_path, c_role_format="{age}") as made:
        made.plex.switches.tags_replace = request.param
        made.stash.library.add_performer("Mia", birthdate="1990-03-10")
        made.stash.library.add_performer("Jon", birthdate="1995")
        yield made


def mia_and_jon(worker: InProcessHarness, **before: Any) -> tuple[int, int]:
    scene, item = worker.pair("a.mp4", performers=["Mia", "Jon"], date="2024-03-09")
    worker.plex.library.change(item, **before)
    worker.sync(scene)
    return scene, item


def change_performer(worker: InProcessHarness, number: int, **fields: Any) -> None:
    """Edit a performer in Stash, run its hook and let the worker do all that follows."""
    worker.clock.advance(LATER_S)
    worker.stash.library.change_named(worker.stash.library.performers, number, **fields)
    given = {"id": str(number), **fields}
    hook(worker, "Performer.Update.Post", number, given, tuple(given))
    worker.run_until_idle(LATER_S)


def test_a_role_shows_the_age_on_the_day_of_the_scene(worker: InProcessHarness) -> None:
    scene, item = mia_and_jon(worker)

    assert worker.shown(item).role_texts == ["Mia: 33"]
    assert sorted(worker.shown(item).roles) == ["Jon", "Mia"]
    assert worker.is_stable(scene)


def test_a_new_date_changes_the_age(worker: InProcessHarness) -> None:
    scene, item = mia_and_jon(worker)

    worker.change(scene, date="2024-03-10")
    worker.sync(scene)

    assert worker.shown(item).role_texts == ["Mia: 34"]
    assert worker.is_stable(scene)


def test_a_text_that_is_gone_in_stash_is_taken_off(worker: InProcessHarness) -> None:
    scene, item = mia_and_jon(worker)

    worker.change(scene, date=None)
    worker.sync(scene)

    assert worker.shown(item).role_texts == []
    assert worker.is_stable(scene)


def test_another_actor_leaves_the_texts_of_the_others(worker: InProcessHarness) -> None:
    scene, item = mia_and_jon(worker)

    worker.change(scene, performers=["Mia", "Zoe"])
    worker.sync(scene)

    assert worker.shown(item).role_texts == ["Mia: 33"]
    assert sorted(worker.shown(item).roles) == ["Mia", "Zoe"]
    assert worker.is_stable(scene)


def test_a_server_that_ignores_texts_is_asked_twice(worker: InProcessHarness) -> None:
    worker.plex.switches.role_texts = "ignored"
    scene, item = mia_and_jon(worker)

    worker.sync(scene)

    assert worker.shown(item).role_texts == []
    assert worker.is_stable(scene)
    worker.change(scene, performers=["Mia", "Zoe"])
    worker.sync(scene)
    assert sorted(worker.shown(item).roles) == ["Mia", "Zoe"]


def test_a_text_by_hand_stays_with_preserve_plex_edits(worker: InProcessHarness) -> None:
    worker.configure(c_preserve_plex_edits=True)
    before: dict[str, Any] = {"roles": ["Mia", "Ida"], "role_texts": ["Mia: Host", "Ida: Guest"]}
    scene, item = mia_and_jon(worker, **before)

    assert worker.shown(item).role_texts == ["Mia: Host", "Ida: Guest"]
    assert worker.is_stable(scene)


def test_roles_get_their_texts_back(worker: InProcessHarness) -> None:
    before: dict[str, Any] = {
        "roles": ["Mia", "Ida", "Jon"],
        "role_texts": ["Mia: Host", "Ida: Guest"],
    }
    _, item = mia_and_jon(worker, **before)
    assert worker.shown(item).role_texts == ["Mia: 33"]
    switch_off(worker)

    TaskRunner(worker).press_twice()

    shown = worker.shown(item)
    assert sorted(shown.roles) == ["Ida", "Jon", "Mia"]
    assert sorted(shown.role_texts) == ["Ida: Guest", "Mia: Host"]


def test_without_a_format_texts_are_left_alone(worker: InProcessHarness) -> None:
    worker.configure(c_role_format="")
    before: dict[str, Any] = {"roles": ["Mia"], "role_texts": ["Mia: Host"]}
    scene, item = mia_and_jon(worker, **before)

    assert worker.shown(item).role_texts == ["Mia: Host"]
    assert worker.is_stable(scene)


def test_a_changed_birthdate_reaches_the_scenes(worker: InProcessHarness) -> None:
    _, items = library(worker, performers=["Mia"], date="2024-03-09")

    change_performer(worker, 1, birthdate="1989-03-10")

    assert [worker.shown(item).role_texts for item in items] == [["Mia: 34"]] * 3


def test_a_changed_disambiguation_reaches_the_scenes(worker: InProcessHarness) -> None:
    worker.configure(c_performer_disambiguation="always")
    _, items = library(worker, performers=["Mia"])

    change_performer(worker, 1, disambiguation="the elder")

    assert [worker.shown(item).roles for item in items] == [["Mia (the elder)"]] * 3


def test_a_changed_gender_reaches_the_scenes(worker: InProcessHarness) -> None:
    worker.configure(c_performer_genders="female")
    _, items = library(worker, performers=["Mia", "Jon"])
    assert [worker.shown(item).roles for item in items] == [[]] * 3

    change_performer(worker, 1, gender="FEMALE")

    assert [worker.shown(item).roles for item in items] == [["Mia"]] * 3


def test_a_detail_that_no_setting_shows_enqueues_nothing(worker: InProcessHarness) -> None:
    worker.configure(c_role_format="")
    library(worker, performers=["Mia"])
    synced = worker.worker_log().count("sync.done")

    change_performer(worker, 1, gender="FEMALE", disambiguation="x", birthdate="1980-01-01")

    assert worker.worker_log().count("sync.done") == synced


def test_a_setting_switched_on_enqueues_no_other_scene(worker: InProcessHarness) -> None:
    """A detail that was never recorded is unknown, not changed."""
    scenes, _ = library(worker, performers=["Mia"])
    worker.configure(c_performer_genders="female, unknown", c_performer_disambiguation="always")

    worker.enqueue(scenes[0])
    worker.run_until_idle(LATER_S)

    assert worker.worker_log().count("sync.done") == len(scenes) + 1
