"""Every button in every state an installation can be in, pressed as Stash presses it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.job import scene_subject
from sync_queue.dead_letters import DeadLetters
from tasks.run import run_task
from tasks.table import TASKS, Task
from tests.flow.house import Home, House, wait_for
from tests.support import ROOT, FakeClock, open_store

NEEDS_REST = {"restore"}  # refused while PlexSync is switched on
NEEDS_SETTINGS = {
    *NEEDS_REST,
    "health",
    "test_scene",
    "dry_run",
    "recover",
    "recover_temporary",
    "reconcile_dry_run",
}
NEEDS_PLEX = NEEDS_SETTINGS
MOST_LINES = 25


def nothing_configured(house: House) -> None:
    house.configure(a_plex_url="", a_plex_token="", b_path_map="")
    house.edit(house.scene("waits.mp4"), title="Waits")
    wait_for(house.jobs, "the change is noted")


def empty(house: House) -> None:
    house.configure(f_test_scene=1)


def backlog(house: House) -> None:
    for number in range(20):
        house.scene(f"{number}.mp4", title=f"Title {number}")
    house.configure(f_test_scene=1)
    house.plex.switches.latency_s = 0.02
    house.edit(1, title="Edited")
    wait_for(house.is_alive, "the worker")


def plex_down(house: House) -> None:
    house.configure(f_test_scene=1)
    house.plex.down()
    house.edit(house.scene(), title="Waits")
    wait_for(lambda: "new=open" in house.worker_log(), "the worker has noticed")


def dead_letters(house: House) -> None:
    house.configure(f_test_scene=1)
    for year in (2019, 2024):
        house.plex.library.add_item(house.section, [(f"/media/{year}/holiday.mp4", 1_000)])
    house.edit(
        house.stash.library.add_scene("/data/inbox/holiday.mp4", 1_000), title="Which holiday?"
    )
    wait_for(house.dead_letters, "the dead letter")


STATES: dict[str, tuple[Callable[[House], None], set[str]]] = {
    "nothing configured": (nothing_configured, NEEDS_SETTINGS),
    "empty": (empty, NEEDS_REST),
    "backlog": (backlog, NEEDS_REST),
    "Plex down": (plex_down, NEEDS_PLEX),
    "dead letters": (dead_letters, NEEDS_REST),
}
"""How an installation comes into a state, and the modes that cannot do their job then."""


@pytest.mark.parametrize("state", STATES)
def test_every_button_answers_or_says_why_it_cannot(house: House, state: str) -> None:
    arrange, refused = STATES[state]
    arrange(house)
    house.run_task("View Queue Status")  # afterwards a worker lives
    written: dict[str, list[bytes]] = {task.mode: [] for task in TASKS}

    answers = {task.mode: press(house, task.mode, written[task.mode]) for task in TASKS}

    assert {mode for mode, answer in answers.items() if set(answer) == {"error"}} == refused
    assert all(set(answer) in ({"error"}, {"output"}) for answer in answers.values())
    assert all(0.0 <= share <= 1.0 for lines in written.values() for share in shares_in(lines))
    assert not [line for lines in written.values() for line in lines if b"Traceback" in line]
    assert len(written["status"]) <= MOST_LINES


def test_every_button_ends_well_beside_a_worker_with_a_backlog(house: House) -> None:
    backlog(house)

    jobs = {task.mode: house.run_task(task.name) for task in TASKS}

    runs = {str(run.args["mode"]): run for run in house.stash.plugin_runs if "mode" in run.args}
    answers = {task.mode: json.loads(runs[task.mode].stdout) for task in TASKS}
    assert {mode for mode, answer in answers.items() if set(answer) != {"output"}} == NEEDS_REST
    assert {runs[task.mode].status for task in TASKS} == {0}
    assert {job.status for job in jobs.values()} == {"FINISHED"}
    assert all(0.0 <= share <= 1.0 for job in jobs.values() for share in job.progress_history)
    assert not [
        entry
        for entry in house.stash.log
        if "Traceback" in entry.message or "parsing" in entry.message
    ]
    assert len([line for line in runs["status"].stderr if line]) <= MOST_LINES


def test_the_status_has_its_most_important_line_last(house: House) -> None:
    dead_letters(house)
    count = len(house.stash.log)

    house.run_task("View Queue Status")

    said = [entry.message for entry in house.stash.log[count:] if entry.level == "Info"]
    assert "Queue: 0 due, 0 later, 0 in progress" in said[-1]
    assert "1 dead letter." in said[-1]


def test_process_queue_without_settings_says_what_waits_and_why(house: House) -> None:
    nothing_configured(house)
    wait_for(lambda: house.doing == "waiting for its settings", "the worker waits")

    job = house.run_task("Process Queue")

    assert job.status == "FINISHED"
    assert house.said("Not set in PlexSync's settings: Plex URL and Plex token.", "Warning")
    assert house.said(
        "1 left, 0 wait for later. The worker goes on by itself; it is waiting for its settings."
    )


def test_a_cancelled_task_leaves_the_worker_alone(house: House) -> None:
    backlog(house)
    house.plex.switches.latency_s = 0.1
    job_id = house.stash.run_task("Force Sync All")
    wait_for(lambda: house.said("scenes to do", "Info"), "the task follows the worker")

    house.stash.stop_job(job_id)
    house.drained()

    assert house.stash.wait_job(job_id, 60.0).status == "CANCELLED"
    assert [house.item(f"{number}.mp4").title for number in range(1, 20)] == [
        f"Title {n}" for n in range(1, 20)
    ]


# -- no worker can be started -----------------------------------------------------------------------


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Home]:
    """An installation with a backlog and a dead letter, on a machine where no process can be started."""
    home = Home(tmp_path)
    try:
        home.open(f_test_scene=1)
        home.data.mkdir(mode=0o700)
        store = open_store(home.data, FakeClock())
        for name in ("a.mp4", "b.mp4"):
            store.enqueue(scene_subject(home.scene(name, title=f"Title of {name}")), "update")
        store.enqueue("scene:99", "update")
        jobs = store.claim()
        store.dead_letter(jobs[2], title="", reason="WeakMatch", message="One weak candidate.")
        for job in jobs[:2]:
            store.release(job)
        store.connection.close()
        yield home
    finally:
        home.close()


def shares_in(written: list[bytes]) -> list[float]:
    """Where the progress bar was moved to."""
    return [float(line[3:]) for line in written if line.startswith(b"\x01p\x02")]


def press(house: Home, mode: str, written: list[bytes]) -> dict[str, object]:
    """The button, in this process, because a plugin's process would find a way to start a worker."""

    def nobody(by: str) -> None:
        raise OSError("no process can be started")

    connection = {
        "Scheme": "http",
        "Host": "127.0.0.1",
        "Port": house.stash.port,
        "SessionCookie": {"Value": ""},
    }
    return run_task(
        {"server_connection": connection},
        {"mode": mode},
        str(ROOT),
        str(house.data),
        nobody,
        written.append,
    )


@pytest.mark.parametrize("task", TASKS, ids=[task.mode for task in TASKS])
def test_without_a_worker_every_button_still_works(alone: Home, task: Task) -> None:
    mode = task.mode
    written: list[bytes] = []
    if mode == "log":
        (alone.data / "plexsync.log").write_text("a line\n")

    answer = press(alone, mode, written)

    assert set(answer) == {"error" if mode in NEEDS_REST else "output"}, answer
    assert all(0.0 <= share <= 1.0 for share in shares_in(written))
    json.dumps(answer)


def test_a_task_that_works_off_the_queue_itself_writes_to_plex(alone: Home) -> None:
    answer = press(alone, "process", [])

    output = answer["output"]
    assert isinstance(output, dict)
    assert (output["worked_here"], output["left"]) == (True, 0)
    assert output["done"] in (
        2,
        3,
    )  # the dead letter is of a scene that is not in Stash, which may be noticed now
    assert alone.item("a.mp4").title == "Title of a.mp4"


def test_dead_letters_are_requeued_without_a_worker(alone: Home) -> None:
    press(alone, "retry_dead", [])

    store = open_store(alone.data, FakeClock())
    assert DeadLetters(store).newest() == []
    store.connection.close()
