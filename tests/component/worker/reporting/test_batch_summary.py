"""Finished jobs reach Stash's log as one line for many, at most every half minute."""

from tests.harness.in_process import InProcessHarness


def test_a_backlog_ends_with_a_line_in_stashs_log(worker: InProcessHarness) -> None:
    worker.enqueue(*(worker.titled_scene(str(number)) for number in range(12)))
    worker.run_once()
    worker.run_once(2.0)
    worker.run_once()

    summaries = [
        entry.message for entry in worker.stash.log if "PlexSync finished" in entry.message
    ]
    assert worker.notices()["batch"].startswith("PlexSync finished 12 jobs")
    assert len(summaries) <= 1
