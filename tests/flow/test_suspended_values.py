"""A value that Plex does not keep is sent twice, reported once, and sent again on request."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from tests.harness.processes import ProcessHarness
from tests.harness.waiting import wait_for


def dates(installed: ProcessHarness) -> list[str]:
    """Return every date that was sent."""
    queries = [parse_qs(urlsplit(target).query) for target in installed.edits()]
    name = "originallyAvailableAt.value"
    return [query[name][0] for query in queries if name in query]


def test_a_date_that_plex_shifts(installed: ProcessHarness) -> None:
    installed.plex.switches.date_shift_days = -1
    scene = installed.scene()
    installed.edit(scene, date="2024-03-09", title="0")
    installed.wait_until_drained()

    for number in range(1, 4):
        installed.edit(scene, title=str(number))
        installed.wait_until_drained()

    assert installed.item().title == "3"
    assert dates(installed) == ["2024-03-09"] * 2
    wait_for(
        lambda: installed.stash_log("Plex does not keep date of scene"), "the notice is in the log"
    )
    assert "'2024-03-08' instead of '2024-03-09'" in installed.notices()["not_kept:date"]

    installed.run_task("View Queue Status")
    assert installed.stash_log("No longer sent: 1 x date")

    installed.edit(scene, date="2024-05-06")
    installed.wait_until_drained()
    assert dates(installed)[2:] == ["2024-05-06"]


def test_force_sync_all_sends_a_suspended_value_again(installed: ProcessHarness) -> None:
    installed.plex.switches.ignored_fields = frozenset({"studio"})
    scene = installed.scene()
    for number in range(3):
        installed.edit(scene, studio="Aurora", title=str(number))
        installed.wait_until_drained()
    assert installed.item().studio is None
    installed.plex.switches.ignored_fields = frozenset()

    installed.edit(scene, title="3")
    installed.wait_until_drained()
    before = installed.item().studio
    installed.run_task("Force Sync All")
    installed.wait_until_drained()

    assert (before, installed.item().studio) == (None, "Aurora")
