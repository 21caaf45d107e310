"""Calls of the page through real processes: what they answer, refuse, and ask of the worker."""

from __future__ import annotations

import pytest

from page.table import CALLS
from tests.emulators.stash_client import GraphqlFailure
from tests.harness.processes import ProcessHarness
from tests.harness.waiting import wait_for


def ask(installed: ProcessHarness, call: object, **arguments: object) -> dict[str, object]:
    """Return the output of a call, as Stash hands it to the page."""
    answer = installed.stash.run_operation({"mode": "ui", "call": call, **arguments})
    assert isinstance(answer, dict)
    return answer


def refused(installed: ProcessHarness, call: object, **arguments: object) -> str:
    """Return the error of a call, as the page shows it."""
    with pytest.raises(GraphqlFailure) as failure:
        ask(installed, call, **arguments)
    return str(failure.value)


@pytest.mark.parametrize("call", ["make_coffee", "", None, 7, ["snapshot"], "__class__"])
def test_an_unknown_call_is_answered_with_the_known_ones(
    installed: ProcessHarness, call: object
) -> None:
    text = refused(installed, call)

    assert "PlexSync does not know the call" in text
    assert all(row.name in text for row in CALLS)
    assert "Traceback" not in installed.worker_log()


BAD: tuple[tuple[str, dict[str, object], str], ...] = (
    ("start_sync", {"kind": "everything"}, "start_sync: kind: "),
    ("start_sync", {}, "start_sync: kind: Field required."),
    ("log", {"lines": 0}, "log: lines: "),
    ("log", {"lines": 10, "colour": "red"}, "log: colour: Extra inputs are not permitted."),
    ("dry_run", {"limit": 100_000}, "dry_run: limit: "),
    ("cancel_run", {"kind": "sync_all", "confirm": "all"}, "cancel_run: confirm: "),
    ("start_reconciliation", {"scope": "some"}, "start_reconciliation: scope: neither all, 24h"),
    ("overview", {"a": 1}, "overview: a: "),
)


def test_bad_arguments_get_one_clear_sentence(installed: ProcessHarness) -> None:
    for call, arguments, expected in BAD:
        text = refused(installed, call, **arguments)

        assert expected in text
        assert "\n" not in text


def test_a_sync_that_the_page_asks_for_starts_a_worker(installed: ProcessHarness) -> None:
    installed.scene(title="Written by the page")
    assert not installed.is_worker_running()

    text = ask(installed, "start_sync", kind="sync_all")["text"]
    wait_for(lambda: installed.item().title == "Written by the page", "the scene is synced")
    installed.wait_until_drained()

    assert text == "Sync All Scenes: the worker queues the scenes now."
    assert ask(installed, "snapshot")["run"] is None


def test_a_comparison_that_the_page_asks_for_is_run(installed: ProcessHarness) -> None:
    installed.scene(title="Compared")

    ask(installed, "start_reconciliation", scope="all")
    wait_for(lambda: ask(installed, "reconciliation")["runs"], "the comparison has ended")
    wait_for(lambda: installed.item().title == "Compared", "the gap is closed")


def test_a_dry_run_by_stash_s_task_is_shown(installed: ProcessHarness) -> None:
    installed.scene(title="To be written")

    job = installed.run_task("Sync All: Dry Run")
    answer = ask(installed, "dry_run")

    assert job.status == "FINISHED"
    assert (answer["what"], answer["total"]) == ("sync", 1)
    assert installed.plex.writes() == []
