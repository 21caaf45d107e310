"""A scenario costs no request more than with version 1.1.0 and writes the same to Plex."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.flow.request_scenario import (
    EXPECTED,
    SCENES,
    START,
    STEPS,
    Requests,
    count_requests,
    fill,
)
from tests.flow.simulated_time import SimulatedServers, SimulatedTime
from tests.harness.processes import running

# Version 1.1.0 locked collections; since 1.2 that is a setting of its own, which is off.
COLLECTION_LOCK = ("collection.locked=1", "collection.locked=0")
# It read the list of an item's posters before each upload, also where Plex cannot have the image.
POSTER_LIST = "GET /library/metadata/{rk}/posters"
UPLOAD = "POST /library/metadata/{rk}/posters"
# The token leaves Stash's settings once: two reads, one save, one notice. A look for another token
# follows each hour.
TOKEN_MOVE = {
    "an hour of rest": {
        "query configuration": 2,
        "mutation configurePlugin": 1,
        "mutation runPluginOperation": 1,
    },
    "an outage and the recovery": {"query configuration": 1},
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Requests]]:
    """Yield what each step of the scenario costs now."""
    time = SimulatedTime(START)
    servers = SimulatedServers(tmp_path_factory.mktemp("servers"), time)
    fill(servers)
    with running(servers):
        yield count_requests(servers)
    time.close()


@pytest.fixture(scope="module")
def expected() -> dict[str, Requests]:
    """Return what each step cost with version 1.1.0, without what later versions leave off.

    What they add to a step is added.
    """
    text = EXPECTED.read_text(encoding="utf-8")
    document: dict[str, Requests] = json.loads(text.replace(*COLLECTION_LOCK))
    for step in document.values():
        step["plex"].pop(POSTER_LIST, None)
    for name, added in TOKEN_MOVE.items():
        costs = document[name]["stash"]
        costs.update({kind: costs[kind] + count for kind, count in added.items()})
    return document


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("what", ["plex", "stash", "writes"])
def test_a_step_costs_what_it_cost_with_1_1_0(
    found: dict[str, Requests], expected: dict[str, Requests], step: str, what: str
) -> None:
    assert _in_any_order(found[step][what]) == _in_any_order(expected[step][what])


def _in_any_order(costs: object) -> object:
    """Return lists of writes sorted: those of different items may overtake each other."""
    return sorted(costs) if isinstance(costs, list) else costs


def test_the_recorded_scenario_has_the_same_steps(expected: dict[str, Requests]) -> None:
    assert set(expected) == set(STEPS)


def test_no_list_of_posters_is_read_before_a_first_upload(found: dict[str, Requests]) -> None:
    assert [step for step, requests in found.items() if POSTER_LIST in requests["plex"]] == []
    assert sum(requests["plex"].get(UPLOAD, 0) for requests in found.values()) == SCENES


def test_a_second_sync_of_everything_writes_nothing(found: dict[str, Requests]) -> None:
    assert found["sync all, nothing changed"]["writes"] == []
