"""Every button, pressed as Stash presses it, and the same modes called through the API."""

from __future__ import annotations

import json

import pytest

from core.obfuscate import hide_paths
from tests.emulators.plex_server import Fault
from tests.emulators.stash_client import GraphqlFailure
from tests.emulators.stash_process import spawn_process
from tests.harness.processes import ProcessHarness
from tests.harness.waiting import wait_for

BUTTONS = {
    "Process Queue": "process",
    "View Queue Status": "status",
    "Sync All Scenes": "sync_all",
    "Clear Dead Letter Queue": "clear_dead",
    "Health Check": "health",
}


def ambiguous(installed: ProcessHarness) -> int:
    """A scene that ends in the dead letters."""
    for year in (2019, 2024):
        installed.plex.library.add_item(installed.section, [(f"/media/{year}/holiday.mp4", 1_000)])
    scene = installed.stash.library.add_scene("/data/inbox/holiday.mp4", 1_000)
    installed.edit(scene, title="Which holiday?")
    wait_for(installed.dead_letters, "the dead letter")
    return scene


def test_the_manifest_offers_every_button(installed: ProcessHarness) -> None:
    (plugin,) = installed.stash.plugins

    assert set(BUTTONS) <= {task.name for task in plugin.tasks}


@pytest.mark.parametrize("spawn", [spawn_process])
def test_every_button_ends_well_and_answers_one_json_document(installed: ProcessHarness) -> None:
    installed.edit(installed.scene(), title="Something to do")

    jobs = {name: installed.run_task(name) for name in BUTTONS}
    answers = {mode: installed.stash.run_operation({"mode": mode}) for mode in BUTTONS.values()}

    assert {name: (job.status, job.error) for name, job in jobs.items()} == dict.fromkeys(
        BUTTONS, ("FINISHED", None)
    )
    assert all(isinstance(answer, dict) for answer in answers.values())
    for run in installed.stash.plugin_runs:
        assert json.loads(run.stdout).keys() == {"output"}
        assert run.status == 0
    assert "Error parsing progress" not in " ".join(entry.message for entry in installed.stash.log)


def test_an_unknown_mode_is_answered_with_the_known_ones(installed: ProcessHarness) -> None:
    with pytest.raises(GraphqlFailure) as failure:
        installed.stash.run_operation({"mode": "make_coffee"})

    for mode in (*BUTTONS.values(), "wake", "say"):
        assert mode in str(failure.value)


def test_process_queue_starts_a_worker_and_shows_its_progress(installed: ProcessHarness) -> None:
    scenes = [installed.scene(f"{number}.mp4") for number in range(12)]
    installed.configure(a_enabled=False)
    for number, scene in enumerate(scenes):
        installed.edit(scene, title=f"Title {number}")
    wait_for(installed.is_worker_running, "the worker")
    installed.stop_worker()
    installed.configure(a_enabled=True)
    installed.plex.switches.latency_s = 0.1

    job = installed.run_task("Process Queue")
    installed.wait_until_drained()

    assert [installed.item(f"{number}.mp4").title for number in range(12)] == [
        f"Title {number}" for number in range(12)
    ]
    assert job.progress_history[-1] == 1.0
    assert all(0.0 <= share <= 1.0 for share in job.progress_history)


def test_process_queue_with_nothing_to_do_says_so(installed: ProcessHarness) -> None:
    answer = installed.stash.run_operation({"mode": "process"})

    assert (answer["done"], answer["left"]) == (0, 0)
    assert installed.stash_log("0 scenes to do.", "Info")


def test_process_queue_does_not_wait_for_a_plex_that_is_down(installed: ProcessHarness) -> None:
    installed.plex.down()
    scene = installed.scene()
    installed.edit(scene, title="Waits")
    wait_for(lambda: "new=open" in installed.worker_log(), "the worker has noticed")

    job = installed.run_task("Process Queue")

    assert job.status == "FINISHED"
    assert installed.stash_log("waiting for Plex", "Info")
    assert [attempts for _, attempts, _ in installed.jobs()] == [0]


def test_the_queue_status_says_what_waits_what_failed_and_why(installed: ProcessHarness) -> None:
    dead = ambiguous(installed)
    late = installed.scene("late.mp4", in_plex=False)
    installed.edit(late, title="Late")
    wait_for(lambda: installed.reasons() == {"PlexNotFound"}, "the missing one waits")

    answer = installed.stash.run_operation({"mode": "status"})
    job = installed.run_task("View Queue Status")

    logged = "\n".join(entry.message for entry in installed.stash.log if entry.level == "Info")
    assert job.status == "FINISHED"
    assert (answer["later"], answer["dead"]) == (1, {"AmbiguousMatch": 1})
    assert answer["waiting"] == {"PlexNotFound": 1}
    assert f"Dead letter: scene {dead} (Which holiday?): AmbiguousMatch." in logged
    assert "/media/2019/holiday.mp4" in logged
    assert "Dead letters: 1 x AmbiguousMatch." in logged
    assert "Waiting: 1 x PlexNotFound." in logged
    assert "0 due, 1 later, 0 in progress" in logged


def test_clearing_dead_letters_takes_two_runs(installed: ProcessHarness) -> None:
    ambiguous(installed)

    first = installed.stash.run_operation({"mode": "clear_dead"})
    path = installed.data / "confirm.json"
    asked = json.loads(path.read_text())
    path.write_text(json.dumps({**asked, "ended_at": asked["ended_at"] - 60}))
    second = installed.run_task("Clear Dead Letter Queue")

    assert first == {"deleted": 0, "chosen": 1}
    assert second.status == "FINISHED"
    assert installed.dead_letters() == []


def test_clearing_before_anything_ever_happened_is_no_accident(installed: ProcessHarness) -> None:
    job = installed.run_task("Clear Dead Letter Queue")

    assert job.error is None or "Traceback" not in job.error


def test_a_second_sync_all_writes_nothing(installed: ProcessHarness) -> None:
    scenes = [
        installed.scene(f"{number}.mp4", title=f"Title {number}", tags=["all"])
        for number in range(30)
    ]

    job = installed.run_task("Sync All Scenes")
    installed.wait_until_drained()
    writes = len(installed.plex.writes())
    answer = installed.stash.run_operation({"mode": "sync_all"})
    installed.wait_until_drained()

    assert (job.status, job.progress_history[-1]) == ("FINISHED", 1.0)
    assert [installed.item(f"{number}.mp4").title for number in range(30)] == [
        f"Title {number}" for number in range(30)
    ]
    assert all(len(installed.recorded_items(scene)) == 1 for scene in scenes)
    assert answer["queued"] + answer["current"] == 30
    assert len(installed.plex.writes()) == writes


def test_the_health_check_reports_what_works(installed: ProcessHarness) -> None:
    answer = installed.stash.run_operation({"mode": "health"})

    assert answer["libraries"] == ["Scenes"]
    assert answer["plex"] == installed.plex.machine_identifier
    assert installed.stash_log("movie libraries: Scenes", "Info")


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"a_plex_token": "wrong"}, "Plex token"),
        ({"a_plex_token": ""}, "Plex token is not set"),
        ({"a_plex_url": ""}, "Plex URL is not set"),
        ({"a_plex_url": "http://127.0.0.1:9"}, "no connection to Plex"),
        ({"a_plex_url": "http://plex.invalid:32400"}, "cannot be resolved"),
        ({"a_plex_libraries": "Films"}, r"named Films \(it has: Scenes\)"),
    ],
)
def test_the_health_check_names_what_is_wrong(
    installed: ProcessHarness, settings: dict[str, str], complaint: str
) -> None:
    installed.configure(**settings)

    with pytest.raises(GraphqlFailure, match=complaint):
        installed.stash.run_operation({"mode": "health"})


def test_the_health_check_reports_a_broken_plex(installed: ProcessHarness) -> None:
    installed.plex.faults.add(Fault(status=500, times=None))

    with pytest.raises(GraphqlFailure, match="500"):
        installed.stash.run_operation({"mode": "health"})


def test_hidden_paths_are_equal_in_log_notices_and_tasks(
    installed: ProcessHarness,
) -> None:
    installed.configure(e_obfuscate_paths=True, e_log_debug=True)
    ambiguous(installed)
    wait_for(lambda: installed.stash_log("is in the dead letters", "Warning"), "the notice")

    installed.run_task("List Dead Letters")
    installed.run_task("View Queue Status")

    candidate = hide_paths("/media/2019/holiday.mp4")
    everything = installed.worker_log() + "\n".join(
        entry.message for entry in installed.stash.log if entry.level != "Debug"
    )
    assert "holiday.mp4" not in everything
    assert installed.stash_log(f"Looked at: item 101 name_only 0.4 {candidate}", "Info")
    assert "step.match scene=1" in installed.worker_log()
    assert candidate in installed.worker_log()


def test_the_log_can_be_json_lines(installed: ProcessHarness) -> None:
    installed.configure(e_log_json=True)
    installed.edit(installed.scene(), title="One")
    installed.wait_until_drained()

    lines = [
        line
        for line in installed.worker_log().splitlines()
        if "settings.read" in line or "sync.done" in line
    ]

    assert [json.loads(line)["event"] for line in lines] == ["settings.read", "sync.done"]
