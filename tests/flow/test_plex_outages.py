"""Test every kind of outage of Plex: all edits arrive and no attempt is wasted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.emulators.plex_server import Fault, PlexEmulator
from tests.harness.images import picture
from tests.harness.in_process import InProcessHarness
from tests.harness.processes import ProcessHarness
from tests.harness.servers import TOKEN
from tests.harness.waiting import wait_for

NO_HOST = "http://plex.invalid:32400"  # a reserved name that no host ever has
NAMES = tuple(f"{number}.mp4" for number in range(5))


def scenes_of(installed: ProcessHarness | InProcessHarness) -> dict[str, int]:
    """A few scenes with their items."""
    return {name: installed.scene(name) for name in NAMES}


def edit_all(
    installed: ProcessHarness | InProcessHarness, scenes: dict[str, int], text: str = "New"
) -> None:
    for name, scene in scenes.items():
        installed.edit(scene, title=f"{text} {name}")


def has_all(installed: ProcessHarness | InProcessHarness, text: str = "New") -> bool:
    return all(installed.item(name).title == f"{text} {name}" for name in NAMES)


def attempts(installed: ProcessHarness | InProcessHarness) -> list[int]:
    """What the waiting jobs have spent."""
    return [spent for _, spent, _ in installed.jobs()]


def outages(installed: ProcessHarness | InProcessHarness) -> list[dict[str, object]]:
    """The recorded outages, oldest first."""
    found: list[dict[str, object]] = json.loads(
        (installed.data / "outages.json").read_text("utf-8")
    )["outages"]
    return found


def wait_for_line(installed: ProcessHarness, text: str, times: int) -> None:
    """Wait until the worker has logged it so often."""
    wait_for(lambda: installed.worker_log().count(text) >= times, f"{times} x {text}")


@pytest.fixture
def guarded_plex() -> Iterator[PlexEmulator]:
    """A Plex with a certificate that it has signed itself."""
    with PlexEmulator(token=TOKEN, tls=True) as made:
        made.library.add_section("Scenes", ["/media"])
        yield made


@dataclass(frozen=True)
class Outage:
    """How to make it and how to end it."""

    begin: Callable[[InProcessHarness], object]
    end: Callable[[InProcessHarness], object]


def settings(**values: Any) -> Callable[[InProcessHarness], object]:
    return lambda worker: worker.stash.configure(**values)


def fault(**options: Any) -> Callable[[InProcessHarness], object]:
    return lambda worker: worker.plex.faults.add(Fault(times=None, **options))


RIGHT_URL = Outage(
    settings(a_plex_url=NO_HOST), lambda worker: worker.stash.configure(a_plex_url=worker.plex.url)
)
RIGHT_TOKEN = Outage(settings(a_plex_token="wrong"), settings(a_plex_token=TOKEN))
clear_faults: Callable[[InProcessHarness], object] = lambda worker: worker.plex.faults.clear()  # noqa: E731

OUTAGES = {
    "a closed port": Outage(lambda worker: worker.plex.down(), lambda worker: worker.plex.up()),
    "503 with a page": Outage(fault(status=503, body="html"), clear_faults),
    "503 with an empty body": Outage(fault(status=503, body="empty"), clear_faults),
    "503 for writes alone": Outage(fault(status=503, method="PUT"), clear_faults),
    "a database that only can be read": Outage(fault(status=500, method="PUT"), clear_faults),
    "maintenance": Outage(
        lambda worker: worker.plex.maintenance(1e9), lambda worker: worker.plex.end_maintenance()
    ),
    "loading": Outage(
        lambda worker: worker.plex.maintenance(1e9, "loading"),
        lambda worker: worker.plex.end_maintenance(),
    ),
    "a wrong token": RIGHT_TOKEN,
    "a token that was taken back": Outage(
        lambda worker: worker.plex.change_token("fresh-token"), settings(a_plex_token="fresh-token")
    ),
    "an unknown host": RIGHT_URL,
    "connections that are dropped": Outage(fault(kind="refuse"), clear_faults),
    "a library that does not exist": Outage(
        settings(a_plex_libraries="Films"), settings(a_plex_libraries="Scenes")
    ),
    "a redirect": Outage(fault(status=302, location="http://127.0.0.1:9/"), clear_faults),
}
"""Faults that are attributed to Plex or the settings from the first failure on."""


@pytest.mark.parametrize("name", OUTAGES)
def test_ten_minutes_of_outage_spend_nothing_and_lose_nothing(
    worker: InProcessHarness, name: str
) -> None:
    scenes = scenes_of(worker)
    edit_all(worker, scenes, "Old")
    worker.work_until(lambda: has_all(worker, "Old"))

    OUTAGES[name].begin(worker)
    edit_all(worker, scenes)
    worker.work_for(600.0, step=30.0)
    spent, state = (
        attempts(worker),
        json.loads((worker.data / "circuit_breaker.json").read_text("utf-8"))["state"],
    )
    OUTAGES[name].end(worker)
    worker.work_until(lambda: not worker.jobs(), limit=300.0)

    assert spent == [0] * len(NAMES)
    assert state == "open"
    assert has_all(worker)
    assert worker.dead_letters() == []
    assert [one["end"] is not None for one in outages(worker)] == [True]


def test_a_plex_that_accepts_connections_and_never_answers(worker: InProcessHarness) -> None:
    scenes = scenes_of(worker)
    worker.stash.configure(a_plex_read_timeout_s=5)
    edit_all(worker, scenes, "Old")
    worker.work_until(lambda: has_all(worker, "Old"))
    worker.plex.faults.add(Fault("stall", times=None, delay_s=600.0))

    edit_all(worker, scenes)
    worker.work_until(lambda: "new=open" in worker.worker_log())
    spent = attempts(worker)
    worker.clock.advance(86_400.0)
    worker.work()
    a_day_later = attempts(worker)
    worker.plex.faults.clear()
    worker.work_until(lambda: not worker.jobs(), limit=300.0)

    assert spent == a_day_later == [0] * len(NAMES)
    assert has_all(worker)
    assert worker.dead_letters() == []
    assert len(outages(worker)) == 1


def test_flapping_spends_nothing_and_is_recorded(worker: InProcessHarness) -> None:
    scenes = scenes_of(worker)
    spent, downs = 0, 20

    for number in range(downs):
        worker.plex.down()
        edit_all(worker, dict([list(scenes.items())[number % len(NAMES)]]))
        for _ in range(10):
            worker.work(2.0)
            spent += sum(attempts(worker))
        worker.plex.up()
        for _ in range(10):
            worker.work(2.0)
            spent += sum(attempts(worker))
    worker.work_until(lambda: not worker.jobs(), limit=300.0)

    assert spent == 0
    assert has_all(worker)
    assert worker.dead_letters() == []
    assert 1 <= len(outages(worker)) <= downs
    assert len(worker.stash_log("cannot reach Plex")) == len(worker.stash_log("Plex is back")) == 1


def test_a_flapping_plex_is_asked_as_rarely_as_the_gaps_allow(worker: InProcessHarness) -> None:
    scene = worker.scene()
    asked = []

    for _ in range(15):
        worker.plex.down()
        worker.edit(scene, title="Flapping")
        worker.work_for(20.0, step=1.0)
        worker.plex.up()
        seen = len(worker.plex.requests)
        worker.work_for(20.0, step=1.0)
        asked.append(len(worker.plex.requests) - seen)

    assert max(asked) <= 20


def test_a_hundred_failed_half_open_tests_are_one_outage(worker: InProcessHarness) -> None:
    scenes = scenes_of(worker)
    worker.plex.faults.add(Fault(method="PUT", status=503, times=None))

    edit_all(worker, scenes)
    worker.work_for(7_200.0, step=10.0)
    tests, spent = worker.worker_log().count("new=half_open"), attempts(worker)
    worker.plex.faults.clear()
    worker.work_until(lambda: not worker.jobs(), limit=300.0)

    (outage,) = outages(worker)
    assert tests >= 100
    assert spent == [0] * len(NAMES)
    assert outage["cause"] == "PlexUnavailable"
    assert outage["jobs"]
    assert outage["how"] == "Plex passed the half-open test"
    assert has_all(worker)
    assert len(worker.stash_log("cannot reach Plex")) == 1


def edit_and_correct_url(installed: ProcessHarness, scenes: dict[str, int], logged: str) -> None:
    """Edit under a wrong Plex URL, correct it once the log says so, and see all arrive."""
    edit_all(installed, scenes)
    installed.stash.log_store.wait_for(logged, 60.0)
    waiting, pid = attempts(installed), installed.worker_pid
    installed.stash.configure(a_plex_url=installed.plex.url)
    wait_for(lambda: has_all(installed), "all has arrived")
    installed.wait_until_drained()

    assert waiting == [0] * len(NAMES)
    assert installed.worker_pid == pid
    assert installed.dead_letters() == []
    assert [one["refused"] for one in outages(installed)] == [True]


def test_an_unknown_host_is_corrected_without_a_restart(installed: ProcessHarness) -> None:
    scenes = scenes_of(installed)
    installed.stash.configure(a_plex_url=NO_HOST)

    edit_and_correct_url(installed, scenes, "cannot be resolved")


def test_a_self_signed_certificate_waits_for_the_user(
    installed: ProcessHarness, guarded_plex: PlexEmulator
) -> None:
    scenes = scenes_of(installed)
    installed.stash.configure(a_plex_url=guarded_plex.url)

    edit_and_correct_url(installed, scenes, "TLS certificate")

    assert guarded_plex.count() == 0


def test_a_flapping_plex_gets_everything_from_a_worker(installed: ProcessHarness) -> None:
    scenes = scenes_of(installed)

    for number in (1, 2):
        installed.plex.down()
        edit_all(installed, scenes, f"Round {number}")
        wait_for_line(installed, "new=open", number)
        installed.plex.up()
        wait_for_line(installed, "new=closed", number)
    wait_for(lambda: has_all(installed, "Round 2"), "all has arrived")
    installed.wait_until_drained()

    assert installed.worker_log().count("worker.start") == 1
    assert installed.dead_letters() == []
    assert len(outages(installed)) == 2


def test_the_files_of_the_breaker_are_readable_for_the_user(installed: ProcessHarness) -> None:
    installed.plex.down()
    installed.edit(installed.scene(), title="Waits")
    wait_for(lambda: "new=open" in installed.worker_log(), "the worker has noticed")

    document = json.loads((installed.data / "circuit_breaker.json").read_text("utf-8"))

    assert document["state"] == "open"
    assert document["why"].startswith("PlexUnavailable: ")
    assert (installed.data / "circuit_breaker.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_login_page_instead_of_an_answer_is_no_success(
    worker: InProcessHarness, method: str
) -> None:
    """A proxy in front of Plex answers 200 with its own page, and Plex never receives the write."""
    scene = worker.scene(cover=picture(1))
    worker.plex.faults.add(Fault("html_200", method=method, times=3))

    worker.edit(scene, title="New")
    worker.work_until(lambda: worker.reasons() == {"PlexTemporaryError"})
    worker.work_until(lambda: not worker.jobs(), limit=600.0)

    assert worker.item().title == "New"
    assert worker.item().poster_bytes == picture(1)
    assert worker.dead_letters() == []


def test_a_proxy_that_answers_with_its_page_is_an_outage(worker: InProcessHarness) -> None:
    scenes = scenes_of(worker)
    edit_all(worker, scenes, "Old")
    worker.work_until(lambda: has_all(worker, "Old"))
    worker.plex.faults.add(Fault("html_200", times=None))

    edit_all(worker, scenes)
    worker.work_for(3_600.0, step=60.0)
    spent = attempts(worker)
    worker.plex.faults.clear()
    worker.work_until(lambda: not worker.jobs(), limit=300.0)

    assert spent == [0] * len(NAMES)
    assert has_all(worker)
    assert worker.dead_letters() == []
    assert len(outages(worker)) == 1
