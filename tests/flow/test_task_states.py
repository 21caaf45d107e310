"""Every button in every state an installation can be in, pressed as Stash presses it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.job import scene_subject
from sync_queue.dead_letters import DeadLetters
from tasks import follow_worker
from tasks.run import run_task
from tasks.table import TASKS, Task
from tests.harness.clocks import FakeClock
from tests.harness.database import open_store
from tests.harness.plugin_copy import ROOT
from tests.harness.processes import ProcessHarness
from tests.harness.servers import ServerPair
from tests.harness.waiting import wait_for

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
MAX_LINES = 25


def nothing_configured(installed: ProcessHarness) -> None:
    installed.configure(a_plex_url="", a_plex_token="", b_path_map="")
    installed.edit(installed.scene("waits.mp4"), title="Waits")
    wait_for(installed.jobs, "the change is noted")


def empty(installed: ProcessHarness) -> None:
    installed.configure(f_test_scene=1)


def backlog(installed: ProcessHarness) -> None:
    for number in range(20):
        installed.scene(f"{number}.mp4", title=f"Title {number}")
    installed.configure(f_test_scene=1)
    installed.plex.switches.latency_s = 0.02
    installed.edit(1, title="Edited")
    wait_for(installed.is_worker_running, "the worker")


def plex_down(installed: ProcessHarness) -> None:
    installed.configure(f_test_scene=1)
    installed.plex.down()
    installed.edit(installed.scene(), title="Waits")
    wait_for(lambda: "new=open" in installed.worker_log(), "the worker has noticed")


def dead_letters(installed: ProcessHarness) -> None:
    installed.configure(f_test_scene=1)
    for year in (2019, 2024):
        installed.plex.library.add_item(installed.section, [(f"/media/{year}/holiday.mp4", 1_000)])
    installed.edit(
        installed.stash.library.add_scene("/data/inbox/holiday.mp4", 1_000), title="Which holiday?"
    )
    wait_for(installed.dead_letters, "the dead letter")


STATES: dict[str, tuple[Callable[[ProcessHarness], None], set[str]]] = {
    "nothing configured": (nothing_configured, NEEDS_SETTINGS),
    "empty": (empty, NEEDS_REST),
    "backlog": (backlog, NEEDS_REST),
    "Plex down": (plex_down, NEEDS_PLEX),
    "dead letters": (dead_letters, NEEDS_REST),
}
"""How an installation comes into a state, and the modes that cannot do their job then."""


@pytest.mark.parametrize("state", STATES)
def test_every_button_answers_or_says_why_it_cannot(
    installed: ProcessHarness, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrange, refused = STATES[state]
    arrange(installed)
    installed.run_task("View Queue Status")  # afterwards a worker runs
    monkeypatch.setattr(follow_worker, "IDLE_GRACE_S", 0.5)
    written: dict[str, list[bytes]] = {task.mode: [] for task in TASKS}

    answers = {task.mode: press(installed, task.mode, written[task.mode]) for task in TASKS}

    assert {mode for mode, answer in answers.items() if set(answer) == {"error"}} == refused
    assert all(set(answer) in ({"error"}, {"output"}) for answer in answers.values())
    assert all(0.0 <= share <= 1.0 for lines in written.values() for share in shares_in(lines))
    assert not [line for lines in written.values() for line in lines if b"Traceback" in line]
    assert len(written["status"]) <= MAX_LINES


def test_every_button_ends_well_beside_a_worker_with_a_backlog(installed: ProcessHarness) -> None:
    backlog(installed)

    jobs = {task.mode: installed.run_task(task.name) for task in TASKS}

    runs = {str(run.args["mode"]): run for run in installed.stash.plugin_runs if "mode" in run.args}
    answers = {task.mode: json.loads(runs[task.mode].stdout) for task in TASKS}
    assert {mode for mode, answer in answers.items() if set(answer) != {"output"}} == NEEDS_REST
    assert {runs[task.mode].status for task in TASKS} == {0}
    assert {job.status for job in jobs.values()} == {"FINISHED"}
    assert all(0.0 <= share <= 1.0 for job in jobs.values() for share in job.progress_history)
    assert not [
        entry
        for entry in installed.stash.log
        if "Traceback" in entry.message or "parsing" in entry.message
    ]
    assert len([line for line in runs["status"].stderr if line]) <= MAX_LINES


def test_the_status_has_its_main_line_last(installed: ProcessHarness) -> None:
    dead_letters(installed)
    count = len(installed.stash.log)

    installed.run_task("View Queue Status")

    logged = [entry.message for entry in installed.stash.log[count:] if entry.level == "Info"]
    assert "Queue: 0 due, 0 later, 0 in progress" in logged[-1]
    assert "1 dead letter." in logged[-1]


def test_process_queue_without_settings_says_what_waits_and_why(installed: ProcessHarness) -> None:
    nothing_configured(installed)
    wait_for(lambda: installed.status == "waiting for its settings", "the worker waits")

    job = installed.run_task("Process Queue")

    assert job.status == "FINISHED"
    assert installed.stash_log(
        "Not set in PlexSync's settings: Plex URL and Plex token.", "Warning"
    )
    assert installed.stash_log(
        "1 left, 0 wait for later. The worker continues by itself; it is waiting for its settings."
    )


def test_a_cancelled_task_leaves_the_worker_alone(installed: ProcessHarness) -> None:
    backlog(installed)
    installed.plex.switches.latency_s = 0.1
    job_id = installed.stash.run_task("Force Sync All")
    wait_for(lambda: installed.stash_log("scenes to do", "Info"), "the task follows the worker")

    installed.stash.stop_job(job_id)
    installed.wait_until_drained()

    assert installed.stash.wait_job(job_id, 60.0).status == "CANCELLED"
    assert [installed.item(f"{number}.mp4").title for number in range(1, 20)] == [
        f"Title {n}" for n in range(1, 20)
    ]


# -- no worker can be started
# -----------------------------------------------------------------------


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[ServerPair]:
    """An installation with a backlog and a dead letter, on a machine where no process can be
    started.
    """
    installed = ServerPair(tmp_path)
    try:
        installed.open(f_test_scene=1)
        installed.data.mkdir(mode=0o700)
        store = open_store(installed.data, FakeClock())
        for name in ("a.mp4", "b.mp4"):
            store.enqueue(scene_subject(installed.scene(name, title=f"Title of {name}")), "update")
        store.enqueue("scene:99", "update")
        jobs = store.claim()
        store.dead_letter(jobs[2], title="", reason="WeakMatch", message="One weak candidate.")
        for job in jobs[:2]:
            store.release(job)
        store.connection.close()
        yield installed
    finally:
        installed.close()


def shares_in(written: list[bytes]) -> list[float]:
    """Where the progress bar was moved to."""
    return [float(line[3:]) for line in written if line.startswith(b"\x01p\x02")]


def press(installed: ServerPair, mode: str, written: list[bytes]) -> dict[str, object]:
    """The button, in this process, because a plugin's process would find a way to start a worker."""

    def fail_to_start(by: str) -> None:
        raise OSError("no process can be started")

    connection = {
        "Scheme": "http",
        "Host": "127.0.0.1",
        "Port": installed.stash.port,
        "SessionCookie": {"Value": ""},
    }
    return run_task(
        {"server_connection": connection},
        {"mode": mode},
        str(ROOT),
        str(installed.data),
        fail_to_start,
        written.append,
    )


@pytest.mark.parametrize("task", TASKS, ids=[task.mode for task in TASKS])
def test_without_a_worker_every_button_still_works(alone: ServerPair, task: Task) -> None:
    mode = task.mode
    written: list[bytes] = []
    if mode == "log":
        (alone.data / "plexsync.log").write_text("a line\n")

    answer = press(alone, mode, written)

    assert set(answer) == {"error" if mode in NEEDS_REST else "output"}, answer
    assert all(0.0 <= share <= 1.0 for share in shares_in(written))
    json.dumps(answer)


def test_a_task_that_works_off_the_queue_itself_writes_to_plex(alone: ServerPair) -> None:
    answer = press(alone, "process", [])

    output = answer["output"]
    assert isinstance(output, dict)
    assert (output["worked_here"], output["left"]) == (True, 0)
    assert output["done"] in (
        2,
        3,
    )  # the dead letter is of a scene that is not in Stash, which may be noticed now
    assert alone.item("a.mp4").title == "Title of a.mp4"


def test_dead_letters_are_requeued_without_a_worker(alone: ServerPair) -> None:
    press(alone, "retry_dead", [])

    store = open_store(alone.data, FakeClock())
    assert DeadLetters(store).newest() == []
    store.connection.close()
