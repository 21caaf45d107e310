"""Test that a scene that crashes every worker is dead-lettered and the others get through."""

from __future__ import annotations

from pathlib import Path

from sync_queue import statements as sql
from tests.harness.crash import CrashHarness
from tests.harness.database import query
from tests.harness.in_process import InProcessHarness, in_process
from tests.harness.soak import SimulatedKill
from tests.harness.waiting import wait_for
from worker.lifecycle.poison_jobs import CRASHES_TO_DEAD_LETTER


def wake_until_dead_lettered(crash: CrashHarness) -> None:
    """Open Stash again and again."""
    for _ in range(20):
        crash.wake()
        wait_for(
            lambda: crash.dead_letters() or not crash.workers(),
            "the worker has crashed, or dead-lettered the job",
        )
        if crash.dead_letters():
            return
    raise AssertionError("it was never dead-lettered")


def test_a_scene_that_crashes_six_workers_is_dead_lettered(idle_crash: CrashHarness) -> None:
    crash = idle_crash
    poison, *others = [crash.scene(f"{number}.mp4") for number in range(4)]
    crash.kill_workers()
    (crash.points / "poison").write_text(f"scene:{poison}", encoding="utf-8")

    crash.edit_all([poison, *others], title="New")
    wait_for(lambda: not crash.workers(), "the first worker has crashed")
    wake_until_dead_lettered(crash)

    (dead_letter,) = crash.dead_letters()
    assert (dead_letter.subject, dead_letter.reason, dead_letter.attempts) == (
        f"scene:{poison}",
        "PoisonJob",
        6,
    )
    wait_for(lambda: not crash.unfinished(), "the others are done")
    assert {difference.split()[1] for difference in crash.differences()} <= {str(poison)}


def test_an_edit_requeues_a_scene_that_crashed_its_workers(idle_crash: CrashHarness) -> None:
    crash = idle_crash
    poison = crash.scene("a.mp4")
    crash.kill_workers()
    (crash.points / "poison").write_text(f"scene:{poison}", encoding="utf-8")
    crash.edit(poison, title="New")
    wait_for(lambda: not crash.workers(), "the first worker has crashed")
    wake_until_dead_lettered(crash)

    crash.disarm()
    crash.kill_workers()
    crash.edit(poison, title="Newer")

    crash.wait_until_consistent()
    assert crash.dead_letters() == []


IN_PROGRESS = f"SELECT 1 FROM {sql.QUEUE} WHERE status = 2 AND subject = ?"


def count_crashes(in_process_worker: InProcessHarness, poison: int) -> int:
    """Restart workers until the queue is empty; return how many crashed at the poison scene."""

    def crash_at_poison(point: str) -> None:
        if point == "drain.claimed" and query(
            in_process_worker.data, IN_PROGRESS, f"scene:{poison}"
        ):
            raise SimulatedKill(point)

    for crashes in range(20):
        in_process_worker.end_worker()
        in_process_worker.begin_worker(crash_at_poison)
        try:
            in_process_worker.run_until_idle()
        except SimulatedKill:
            continue
        return crashes
    raise AssertionError("the workers never stop crashing")


def test_a_scene_that_crashes_the_reader_is_dead_lettered_alone(
    tmp_path: Path,
) -> None:
    with in_process(tmp_path) as in_process_worker:
        pairs = [in_process_worker.pair(f"{number}.mp4") for number in range(5)]
        poison, unlucky = (
            pairs[2][0],
            [item for number, (_, item) in enumerate(pairs) if number != 2],
        )
        in_process_worker.enqueue(*[scene for scene, _ in pairs])

        crashes = count_crashes(in_process_worker, poison)

        assert crashes == CRASHES_TO_DEAD_LETTER
        assert {dead_letter.reason for dead_letter in in_process_worker.dead_letters()} == {
            "PoisonJob"
        }
        assert in_process_worker.dead_letter(poison).attempts == CRASHES_TO_DEAD_LETTER
        assert all(in_process_worker.shown(item).title.startswith("Scene of") for item in unlucky)
        assert in_process_worker.worker_log().count("worker.killed_reading jobs=5") == 3
