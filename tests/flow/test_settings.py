"""Settings are read again before each drain: switching off keeps events, correcting needs no
restart.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.in_process import InProcessHarness
from tests.harness.processes import ProcessHarness, running
from tests.harness.servers import TOKEN
from tests.harness.waiting import wait_for


def test_events_are_kept_while_disabled(installed: ProcessHarness) -> None:
    installed.configure(a_enabled=False)
    first, second = installed.scene("a.mp4"), installed.scene("b.mp4")

    installed.edit(first, title="Kept")
    wait_for(lambda: installed.status == "switched off", "the worker has read its settings")
    waiting = installed.jobs()
    installed.configure(a_enabled=True)
    installed.edit(second, title="Next")
    installed.wait_until_drained()

    assert [(subject, attempts) for subject, attempts, _ in waiting] == [(f"scene:{first}", 0)]
    assert (installed.item("a.mp4").title, installed.item("b.mp4").title) == ("Kept", "Next")


def test_nothing_is_asked_of_plex_while_switched_off(worker: InProcessHarness) -> None:
    worker.configure(a_enabled=False)
    scene = worker.scene()

    worker.edit(scene, title="Kept")
    worker.work_for(300.0, step=10.0)
    asked = len(worker.plex.requests)
    worker.configure(a_enabled=True)
    worker.work_until(lambda: not worker.jobs(), limit=60.0)

    assert asked == 0
    assert worker.item().title == "Kept"


@pytest.mark.parametrize(
    ("key", "name"), [("a_plex_url", "Plex URL"), ("a_plex_token", "Plex token")]
)
def test_a_missing_setting_is_reported_once(worker: InProcessHarness, key: str, name: str) -> None:
    right = {"a_plex_url": worker.plex.url, "a_plex_token": TOKEN}[key]
    worker.configure(**{key: ""})
    scenes = [worker.scene(f"{number}.mp4") for number in range(3)]

    for scene in scenes:
        worker.edit(scene, title="Kept")
        worker.work_for(60.0, step=10.0)
    waiting, reported = worker.jobs(), worker.stash_log(f"{name} is not set", "Error")
    worker.configure(**{key: right})
    worker.work_until(lambda: not worker.jobs(), limit=60.0)

    assert [attempts for _, attempts, _ in waiting] == [0, 0, 0]
    assert len(reported) == 1
    assert {item.title for item in worker.plex.library.items()} == {"Kept"}


def test_the_previous_plugins_settings_are_understood(tmp_path: Path) -> None:
    worker = InProcessHarness(tmp_path)
    with running(worker, a_plex_url="", a_plex_token=""):
        worker.configure(plexHost="127.0.0.1", plexPort=str(worker.plex.port), plexToken=TOKEN)
        scene = worker.scene()

        worker.edit(scene, title="Understood")
        worker.work()

        assert worker.item().title == "Understood"


def test_an_invalid_optional_value_is_reported_once(worker: InProcessHarness) -> None:
    worker.configure(a_plex_read_timeout_s="soon", c_tagline_source="mood")
    scene = worker.scene()

    worker.edit(scene, title="Written")
    worker.work_for(60.0)

    assert worker.item().title == "Written"
    assert len(worker.stash_log("Plex read timeout", "Warning")) == 1
    assert len(worker.stash_log("Source of the tagline", "Warning")) == 1


def test_a_changed_path_mapping_counts_for_the_next_drain(worker: InProcessHarness) -> None:
    worker.configure(b_path_map="/data => /wrong")
    worker.plex.library.add_item(worker.section, [("/media/2019/a.mp4", 1_000)])
    worker.plex.library.add_item(worker.section, [("/media/a.mp4", 1_000)])
    scene = worker.stash.library.add_scene("/data/a.mp4", 1_000)
    worker.edit(scene, title="Mapped")
    worker.work()
    dead_letters = [dead_letter.reason for dead_letter in worker.dead_letters()]

    worker.configure(b_path_map="/data => /media")
    worker.edit(scene, title="Mapped")
    worker.work()

    assert dead_letters == ["AmbiguousMatch"]
    assert worker.item().title == "Mapped"
    assert worker.dead_letters() == []
