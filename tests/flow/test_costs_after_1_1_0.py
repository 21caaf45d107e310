"""With the data and settings of version 1.1.0, work costs no request more than there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from tests.flow.released_data import ContinuedServers, UnchangedServers, read_document
from tests.flow.test_from_1_1_0 import settle
from tests.harness.processes import running
from validation.settings import SETTINGS

SAVED = 17  # a scene that nothing waits for
# The collection lock of 1.1.0 is a setting of its own since 1.2, which is off.
UNLOCKED = "collection.locked=0&"
# Plex's libraries are looked at now and then, and an index of 1.1.0 is listed again, once.
LIBRARIES = ("GET /library/sections", "GET /library/sections/{S}/all")
# The token leaves Stash's settings: that is read and saved once more.
TOKEN = {"query configuration", "mutation configurePlugin", "mutation runPluginOperation"}
Costs = dict[str, Counter[str]]


def work(servers: ContinuedServers) -> dict[str, Costs]:
    """Let what waited be worked off; then what two tasks and an edit cost at either server."""
    steps: dict[str, Callable[[], object]] = {
        "Sync All Scenes": lambda: servers.ask("Sync All Scenes"),
        "Reconcile Library (All)": lambda: servers.ask("Reconcile Library (All)"),
        "an edit": lambda: servers.edit(SAVED, title="After the update"),
    }
    servers.wake()
    settle(servers)
    found: dict[str, Costs] = {}
    for name, step in steps.items():
        servers.plex.reset_counts()
        servers.stash.reset_counts()
        step()
        settle(servers)
        writes = [one.target.replace(UNLOCKED, "") for one in servers.plex.writes()]
        found[name] = {
            "plex": Counter(f"{one.method} {one.route}" for one in servers.plex.requests),
            "stash": Counter(
                " ".join([one.operation or one.kind, *sorted(set(one.names))])
                for one in servers.stash.requests
            ),
            "writes": Counter(writes),
        }
    return found


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Costs]:
    """Return what each step costs with version 1.1.0."""
    with running(UnchangedServers(tmp_path_factory.mktemp("released"))) as servers:
        return work(servers)


@pytest.fixture(scope="module")
def updated(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Costs]:
    """Return what each step costs after the update."""
    with running(ContinuedServers(tmp_path_factory.mktemp("updated"))) as servers:
        return work(servers)


def test_the_kept_settings_are_those_of_1_1_0() -> None:
    kept = read_document("settings.json").keys()
    unset = {setting.key for setting in SETTINGS} - kept

    assert {"c_sync_groups", "c_title_format", "b_on_excluded", "b_library_rules"} <= unset


def test_an_update_costs_and_writes_nothing_more(
    released: dict[str, Costs], updated: dict[str, Costs]
) -> None:
    for step, before in released.items():
        after = updated[step]
        assert after["writes"] == before["writes"], step
        assert (after["plex"] - before["plex"]).keys() <= set(LIBRARIES), step
        assert (after["stash"] - before["stash"]).keys() <= TOKEN, step
        assert after["plex"][LIBRARIES[1]] <= 1, step
    assert [sum(costs["writes"].values()) for costs in updated.values()] == [0, 0, 1]
