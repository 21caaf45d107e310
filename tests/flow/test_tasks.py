"""Every button, pressed as Stash presses it, and the same modes called through the API."""

from __future__ import annotations

import json

import pytest

from core.obfuscate import hide_paths
from tests.emulators.plex_server import Fault
from tests.emulators.stash_client import GraphqlFailure
from tests.flow.house import House, wait_for

BUTTONS = {
    "Process Queue": "process",
    "View Queue Status": "status",
    "Sync All Scenes": "sync_all",
    "Clear Dead Letter Queue": "clear_dead",
    "Health Check": "health",
}


def ambiguous(house: House) -> int:
    """A scene that ends in the dead letters."""
    for year in (2019, 2024):
        house.plex.library.add_item(house.section, [(f"/media/{year}/holiday.mp4", 1_000)])
    scene = house.stash.library.add_scene("/data/inbox/holiday.mp4", 1_000)
    house.edit(scene, title="Which holiday?")
    wait_for(house.dead_letters, "the dead letter")
    return scene


def test_the_manifest_offers_every_button(house: House) -> None:
    (plugin,) = house.stash.plugins

    assert set(BUTTONS) <= {task.name for task in plugin.tasks}


def test_every_button_ends_well_and_answers_one_json_document(house: House) -> None:
    house.edit(house.scene(), title="Something to do")

    jobs = {name: house.run_task(name) for name in BUTTONS}
    answers = {mode: house.stash.run_operation({"mode": mode}) for mode in BUTTONS.values()}

    assert {name: (job.status, job.error) for name, job in jobs.items()} == dict.fromkeys(
        BUTTONS, ("FINISHED", None)
    )
    assert all(isinstance(answer, dict) for answer in answers.values())
    for run in house.stash.plugin_runs:
        assert json.loads(run.stdout).keys() == {"output"}
        assert run.status == 0
    assert "Error parsing progress" not in " ".join(entry.message for entry in house.stash.log)


def test_an_unknown_mode_is_answered_with_the_known_ones(house: House) -> None:
    with pytest.raises(GraphqlFailure) as failure:
        house.stash.run_operation({"mode": "make_coffee"})

    for mode in (*BUTTONS.values(), "wake", "say"):
        assert mode in str(failure.value)


def test_process_queue_starts_a_worker_and_shows_its_progress(house: House) -> None:
    scenes = [house.scene(f"{number}.mp4") for number in range(12)]
    house.configure(a_enabled=False)
    for number, scene in enumerate(scenes):
        house.edit(scene, title=f"Title {number}")
    wait_for(house.is_alive, "the worker")
    house.stop_worker()
    house.configure(a_enabled=True)
    house.plex.switches.latency_s = 0.1

    job = house.run_task("Process Queue")
    house.drained()

    assert [house.item(f"{number}.mp4").title for number in range(12)] == [
        f"Title {number}" for number in range(12)
    ]
    assert job.progress_history[-1] == 1.0
    assert all(0.0 <= share <= 1.0 for share in job.progress_history)


def test_process_queue_with_nothing_to_do_says_so(house: House) -> None:
    answer = house.stash.run_operation({"mode": "process"})

    assert (answer["done"], answer["left"]) == (0, 0)
    assert house.said("0 scenes to do.", "Info")


def test_process_queue_does_not_wait_for_a_plex_that_is_down(house: House) -> None:
    house.plex.down()
    scene = house.scene()
    house.edit(scene, title="Waits")
    wait_for(lambda: "new=open" in house.worker_log(), "the worker has noticed")

    job = house.run_task("Process Queue")

    assert job.status == "FINISHED"
    assert house.said("waiting for Plex", "Info")
    assert [attempts for _, attempts, _ in house.jobs()] == [0]


def test_the_queue_status_says_what_waits_what_failed_and_why(house: House) -> None:
    dead = ambiguous(house)
    late = house.scene("late.mp4", in_plex=False)
    house.edit(late, title="Late")
    wait_for(lambda: house.reasons() == {"PlexNotFound"}, "the missing one waits")

    answer = house.stash.run_operation({"mode": "status"})
    job = house.run_task("View Queue Status")

    said = "\n".join(entry.message for entry in house.stash.log if entry.level == "Info")
    assert job.status == "FINISHED"
    assert (answer["later"], answer["dead"]) == (1, {"AmbiguousMatch": 1})
    assert answer["waiting"] == {"PlexNotFound": 1}
    assert f"Dead letter: scene {dead} (Which holiday?): AmbiguousMatch." in said
    assert "/media/2019/holiday.mp4" in said
    assert "Dead letters: 1 x AmbiguousMatch." in said
    assert "Waiting: 1 x PlexNotFound." in said
    assert "0 due, 1 later, 0 in progress" in said


def test_clearing_dead_letters_takes_two_runs(house: House) -> None:
    ambiguous(house)

    first = house.stash.run_operation({"mode": "clear_dead"})
    path = house.data / "confirm.json"
    asked = json.loads(path.read_text())
    path.write_text(json.dumps({**asked, "ended_at": asked["ended_at"] - 60}))
    second = house.run_task("Clear Dead Letter Queue")

    assert first == {"deleted": 0, "chosen": 1}
    assert second.status == "FINISHED"
    assert house.dead_letters() == []


def test_clearing_before_anything_ever_happened_is_no_accident(house: House) -> None:
    job = house.run_task("Clear Dead Letter Queue")

    assert job.error is None or "Traceback" not in job.error


def test_a_second_sync_all_writes_nothing(house: House) -> None:
    scenes = [
        house.scene(f"{number}.mp4", title=f"Title {number}", tags=["all"]) for number in range(30)
    ]

    job = house.run_task("Sync All Scenes")
    house.drained()
    writes = len(house.plex.writes())
    answer = house.stash.run_operation({"mode": "sync_all"})
    house.drained()

    assert (job.status, job.progress_history[-1]) == ("FINISHED", 1.0)
    assert [house.item(f"{number}.mp4").title for number in range(30)] == [
        f"Title {number}" for number in range(30)
    ]
    assert all(len(house.records(scene)) == 1 for scene in scenes)
    assert answer["queued"] + answer["current"] == 30
    assert len(house.plex.writes()) == writes


def test_the_health_check_tells_what_is_well(house: House) -> None:
    answer = house.stash.run_operation({"mode": "health"})

    assert answer["libraries"] == ["Scenes"]
    assert answer["plex"] == house.plex.machine_identifier
    assert house.said("movie libraries: Scenes", "Info")


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"a_plex_token": "wrong"}, "Plex token"),
        ({"a_plex_token": ""}, "Plex token is not set"),
        ({"a_plex_url": ""}, "Plex URL is not set"),
        ({"a_plex_url": "http://127.0.0.1:9"}, "no connection to Plex"),
        ({"a_plex_libraries": "Films"}, "films"),
    ],
)
def test_the_health_check_names_what_is_wrong(
    house: House, settings: dict[str, str], complaint: str
) -> None:
    house.configure(**settings)

    with pytest.raises(GraphqlFailure, match=complaint):
        house.stash.run_operation({"mode": "health"})


def test_the_health_check_tells_of_a_broken_plex(house: House) -> None:
    house.plex.faults.add(Fault(status=500, times=None))

    with pytest.raises(GraphqlFailure, match="500"):
        house.stash.run_operation({"mode": "health"})


def test_hidden_paths_are_equal_in_log_notices_and_tasks(
    house: House,
) -> None:
    house.configure(e_obfuscate_paths=True, e_log_debug=True)
    ambiguous(house)
    wait_for(lambda: house.said("is in the dead letters", "Warning"), "the notice")

    house.run_task("List Dead Letters")
    house.run_task("View Queue Status")

    candidate = hide_paths("/media/2019/holiday.mp4")
    everything = house.worker_log() + "\n".join(
        entry.message for entry in house.stash.log if entry.level != "Debug"
    )
    assert "holiday.mp4" not in everything
    assert house.said(f"Looked at: item 101 name_only 0.4 {candidate}", "Info")
    assert "step.match scene=1" in house.worker_log()
    assert candidate in house.worker_log()


def test_the_log_can_be_json_lines(house: House) -> None:
    house.configure(e_log_json=True)
    house.edit(house.scene(), title="One")
    house.drained()

    lines = [
        line
        for line in house.worker_log().splitlines()
        if "settings.read" in line or "sync.done" in line
    ]

    assert [json.loads(line)["event"] for line in lines] == ["settings.read", "sync.done"]
