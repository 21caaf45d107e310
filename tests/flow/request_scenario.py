"""One scenario and every request that it costs, for the comparison of two versions.

    python -m tests.flow.request_scenario

writes the requests of version 1.1.0 into `tests/fixtures/requests_1_1_0.json`. Simulated time
brings under control what depends on time: health probes, the catch-up, the reading of settings.
So no kind of request is left out.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.emulators.plex_http import RequestRecord as PlexRequest
from tests.emulators.stash_requests import RequestRecord as StashRequest
from tests.flow.release import FIXTURES, ReleasedServers
from tests.flow.simulated_time import SimulatedServers, SimulatedTime
from tests.harness.images import picture
from tests.harness.processes import running

EXPECTED = FIXTURES / "requests_1_1_0.json"
START = 1_795_032_000.25  # in the middle of a second, because the times of Stash are whole ones
SCENES = 60
SINGLE_EDITS = 10
RENAMED = "Jon Berg"
SHOWING_RENAMED = 20
HOUR_S = 3_600.0

Requests = dict[str, Any]


def fill(servers: SimulatedServers) -> None:
    """Add scenes with covers and items for them; the first twenty show the same performer."""
    for number in range(1, SCENES + 1):
        servers.scene(
            f"{('aurora', 'harbour', 'mill')[number % 3]}/film-{number}.mp4",
            1_000 + number,
            title=f"Film {number}",
            details=f"What happens in number {number}.",
            date=f"2024-03-{number % 27 + 1:02}",
            studio=("Aurora", "Borealis")[number % 2],
            performers=[RENAMED] if number <= SHOWING_RENAMED else ["Ada Winter"],
            tags=["night", ("train", "snow", "sea")[number % 3]],
            cover=picture(number),
        )


def start(servers: SimulatedServers) -> None:
    """Open Stash's page, then save a first scene."""
    servers.stash.run_operation({"mode": "wake"})
    servers.time.pass_until(lambda: servers.status == "idle", "a worker")
    servers.edit(1, title="First")
    servers.wait_until_drained()


def edit_single_scenes(servers: SimulatedServers) -> None:
    """Save scenes one after another, each after the one before has arrived."""
    for scene in range(2, 2 + SINGLE_EDITS):
        servers.edit(scene, title=f"Saved {scene}")
        servers.wait_until_drained()


def edit_many_scenes(servers: SimulatedServers) -> None:
    """Save many scenes by one bulk edit."""
    servers.edit_all(list(range(12, 32)), tags=["night", "bulk"])
    servers.wait_until_drained()


def sync_all(servers: SimulatedServers) -> None:
    """Send everything, a little later than the last change: Stash's times are whole seconds."""
    servers.time.pass_time(10.0)
    servers.ask("Sync All Scenes")
    servers.wait_until_drained()


def rename_performer(servers: SimulatedServers) -> None:
    """Rename a performer whom twenty scenes show."""
    library = servers.stash.library
    servers.stash.update_named("performer", library.performer_id(RENAMED), name="Jon Hill")
    servers.wait_until_drained()


def reconcile(servers: SimulatedServers) -> None:
    """Compare everything; one item was edited by hand and is put right."""
    servers.plex.library.change(servers.item("mill/film-50.mp4").rating_key, summary="By hand")
    servers.ask("Reconcile Library (All)")
    servers.wait_until_drained()


def rest(servers: SimulatedServers) -> None:
    """Do nothing for an hour."""
    servers.time.pass_time(HOUR_S)


def lose_and_regain_plex(servers: SimulatedServers) -> None:
    """Save scenes while Plex is away for a minute."""
    servers.plex.down()
    for scene in range(40, 45):
        servers.edit(scene, title=f"During the outage {scene}")
    servers.time.pass_time(60.0)
    servers.plex.up()
    servers.wait_until_drained()


STEPS: dict[str, Callable[[SimulatedServers], None]] = {
    "first start": start,
    "ten single edits": edit_single_scenes,
    "a bulk edit of twenty": edit_many_scenes,
    "sync all": sync_all,
    "sync all, nothing changed": sync_all,
    "a performer of twenty scenes renamed": rename_performer,
    "reconcile, one item edited in Plex": reconcile,
    "an hour of rest": rest,
    "an outage and the recovery": lose_and_regain_plex,
}


def count_requests(servers: SimulatedServers) -> dict[str, Requests]:
    """Run the scenario; what each step costs at either server, and what it writes to Plex."""
    found: dict[str, Requests] = {}
    for name, step in STEPS.items():
        servers.plex.reset_counts()
        servers.stash.reset_counts()
        step(servers)
        found[name] = {
            "plex": _counted(f"{one.method} {one.route}" for one in servers.plex.requests),
            "stash": _counted(_stash_kind(one) for one in servers.stash.requests),
            "writes": [_written(one) for one in servers.plex.writes()],
        }
    return found


def _counted(kinds: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(kinds).items()))


def _stash_kind(request: StashRequest) -> str:
    """Name the operation and its root fields, each once: a batch asks for many scenes."""
    if request.kind != "graphql":
        return request.kind
    return " ".join([request.operation, *sorted(set(request.names))])


def _written(request: PlexRequest) -> str:
    """Name what is written; the order of arguments means nothing."""
    target = urlsplit(request.target)
    pairs = sorted(parse_qsl(target.query, keep_blank_values=True))
    return " ".join([request.method, target.path, *(f"{name}={value}" for name, value in pairs)])


def main() -> None:
    """Record version 1.1.0."""
    time = SimulatedTime(START)
    with tempfile.TemporaryDirectory() as root:
        servers = ReleasedServers(Path(root), time)
        fill(servers)
        with running(servers):
            found = count_requests(servers)
    time.close()
    EXPECTED.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
