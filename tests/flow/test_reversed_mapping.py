"""A path mapping entered the wrong way round is named wherever the user looks."""

from __future__ import annotations

from tests.harness.in_process import InProcessHarness
from tests.harness.processes import ProcessHarness

REVERSED = "/media => /data"
RIGHT = "enter '/data => /media'"


def twin_scenes(harness: InProcessHarness | ProcessHarness) -> list[int]:
    """Scenes that only their path tells apart."""
    return [harness.scene(f"{year}/video.mp4") for year in (2023, 2024)]


def test_dead_letters_and_a_notice_name_a_reversed_mapping(worker: InProcessHarness) -> None:
    worker.configure(b_path_map=REVERSED)
    first, second = twin_scenes(worker)

    worker.edit(first, title="First")
    worker.work()
    worker.configure(b_path_map="/data => /media")
    worker.edit(second, title="Second")
    worker.work()

    (dead_letter,) = worker.dead_letters()
    assert dead_letter.reason == "AmbiguousMatch"
    assert RIGHT in dead_letter.message
    assert any(RIGHT in line for line in worker.stash_log("Retry Dead Letters", "Warning"))
    assert worker.item("2024/video.mp4").title == "Second"


def test_the_health_check_names_a_reversed_mapping(installed: ProcessHarness) -> None:
    installed.configure(b_path_map=REVERSED)
    twin_scenes(installed)

    answer = installed.stash.run_operation({"mode": "health"})

    assert answer["found"] == 0
    assert installed.stash_log(RIGHT, "Info")
