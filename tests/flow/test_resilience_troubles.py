"""Every way in which Plex can be away, each ending with all edits in Plex and no attempt spent for nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.emulators.plex_server import Fault, PlexEmulator
from tests.flow.house import TOKEN, House, Workroom, picture, wait_for

NOBODY = "http://plex.invalid:32400"  # a name that is reserved so that nobody ever has it
NAMES = tuple(f"{number}.mp4" for number in range(5))


def scenes_of(home: House | Workroom) -> dict[str, int]:
    """A few scenes with their items."""
    return {name: home.scene(name) for name in NAMES}


def edit_all(home: House | Workroom, scenes: dict[str, int], text: str = "New") -> None:
    for name, scene in scenes.items():
        home.edit(scene, title=f"{text} {name}")


def has_all(home: House | Workroom, text: str = "New") -> bool:
    return all(home.item(name).title == f"{text} {name}" for name in NAMES)


def attempts(home: House | Workroom) -> list[int]:
    """What the waiting jobs have spent."""
    return [spent for _, spent, _ in home.jobs()]


def outages(home: House | Workroom) -> list[dict[str, object]]:
    """The recorded outages, oldest first."""
    found: list[dict[str, object]] = json.loads((home.data / "outages.json").read_text("utf-8"))[
        "outages"
    ]
    return found


def wait_for_line(house: House, text: str, times: int) -> None:
    """Wait until the worker has logged it so often."""
    wait_for(lambda: house.worker_log().count(text) >= times, f"{times} x {text}")


@pytest.fixture
def guarded_plex() -> Iterator[PlexEmulator]:
    """A Plex with a certificate that it has signed itself."""
    with PlexEmulator(token=TOKEN, tls=True) as made:
        made.library.add_section("Scenes", ["/media"])
        yield made


@dataclass(frozen=True)
class Trouble:
    """How to make it and how to end it."""

    begin: Callable[[Workroom], object]
    end: Callable[[Workroom], object]


def settings(**values: Any) -> Callable[[Workroom], object]:
    return lambda room: room.stash.configure(**values)


def fault(**options: Any) -> Callable[[Workroom], object]:
    return lambda room: room.plex.faults.add(Fault(times=None, **options))


RIGHT_URL = Trouble(
    settings(a_plex_url=NOBODY), lambda room: room.stash.configure(a_plex_url=room.plex.url)
)
RIGHT_TOKEN = Trouble(settings(a_plex_token="wrong"), settings(a_plex_token=TOKEN))
MENDED: Callable[[Workroom], object] = lambda room: room.plex.faults.clear()  # noqa: E731

FREE = {
    "nobody listens": Trouble(lambda room: room.plex.down(), lambda room: room.plex.up()),
    "503 with a page": Trouble(fault(status=503, body="html"), MENDED),
    "503 without a word": Trouble(fault(status=503, body="empty"), MENDED),
    "503 for writes alone": Trouble(fault(status=503, method="PUT"), MENDED),
    "a database that only can be read": Trouble(fault(status=500, method="PUT"), MENDED),
    "maintenance": Trouble(
        lambda room: room.plex.maintenance(1e9), lambda room: room.plex.end_maintenance()
    ),
    "loading": Trouble(
        lambda room: room.plex.maintenance(1e9, "loading"), lambda room: room.plex.end_maintenance()
    ),
    "a wrong token": RIGHT_TOKEN,
    "a token that was taken back": Trouble(
        lambda room: room.plex.change_token("fresh-token"), settings(a_plex_token="fresh-token")
    ),
    "an unknown host": RIGHT_URL,
    "connections that are dropped": Trouble(fault(kind="refuse"), MENDED),
    "a library that does not exist": Trouble(
        settings(a_plex_libraries="Films"), settings(a_plex_libraries="Scenes")
    ),
    "a redirect": Trouble(fault(status=302, location="http://127.0.0.1:9/"), MENDED),
}
"""Troubles that are nobody's fault but Plex's or the settings', from the first failure on."""


@pytest.mark.parametrize("name", FREE)
def test_ten_minutes_of_trouble_spend_nothing_and_lose_nothing(room: Workroom, name: str) -> None:
    scenes = scenes_of(room)
    edit_all(room, scenes, "Old")
    room.work_until(lambda: has_all(room, "Old"))

    FREE[name].begin(room)
    edit_all(room, scenes)
    room.work_for(600.0, step=10.0)
    spent, state = (
        attempts(room),
        json.loads((room.data / "circuit_breaker.json").read_text("utf-8"))["state"],
    )
    FREE[name].end(room)
    room.work_until(lambda: not room.jobs(), limit=300.0)

    assert spent == [0] * len(NAMES)
    assert state == "open"
    assert has_all(room)
    assert room.dead_letters() == []
    assert [one["end"] is not None for one in outages(room)] == [True]


def test_a_plex_that_accepts_connections_and_never_answers(room: Workroom) -> None:
    scenes = scenes_of(room)
    room.stash.configure(a_plex_read_timeout_s=5)
    edit_all(room, scenes, "Old")
    room.work_until(lambda: has_all(room, "Old"))
    room.plex.faults.add(Fault("stall", times=None, delay_s=600.0))

    edit_all(room, scenes)
    room.work_until(lambda: "new=open" in room.worker_log())
    spent = attempts(room)
    room.clock.advance(86_400.0)
    room.work()
    a_day_later = attempts(room)
    room.plex.faults.clear()
    room.work_until(lambda: not room.jobs(), limit=300.0)

    assert spent == a_day_later == [0] * len(NAMES)
    assert has_all(room)
    assert room.dead_letters() == []
    assert len(outages(room)) == 1


def test_flapping_spends_nothing_and_is_recorded(room: Workroom) -> None:
    scenes = scenes_of(room)
    spent, downs = 0, 20

    for number in range(downs):
        room.plex.down()
        edit_all(room, dict([list(scenes.items())[number % len(NAMES)]]))
        for _ in range(10):
            room.work(2.0)
            spent += sum(attempts(room))
        room.plex.up()
        for _ in range(10):
            room.work(2.0)
            spent += sum(attempts(room))
    room.work_until(lambda: not room.jobs(), limit=300.0)

    assert spent == 0
    assert has_all(room)
    assert room.dead_letters() == []
    assert 1 <= len(outages(room)) <= downs
    assert len(room.said("cannot reach Plex")) == len(room.said("Plex is back")) == 1


def test_while_it_flaps_nobody_is_asked_more_than_the_gaps_allow(room: Workroom) -> None:
    scene = room.scene()
    asked = []

    for _ in range(15):
        room.plex.down()
        room.edit(scene, title="Flapping")
        room.work_for(20.0, step=1.0)
        room.plex.up()
        seen = len(room.plex.requests)
        room.work_for(20.0, step=1.0)
        asked.append(len(room.plex.requests) - seen)

    assert max(asked) <= 20


def test_a_hundred_failed_half_open_tests_are_one_outage(room: Workroom) -> None:
    scenes = scenes_of(room)
    room.plex.faults.add(Fault(method="PUT", status=503, times=None))

    edit_all(room, scenes)
    room.work_for(7_200.0, step=10.0)
    tests, spent = room.worker_log().count("new=half_open"), attempts(room)
    room.plex.faults.clear()
    room.work_until(lambda: not room.jobs(), limit=300.0)

    (outage,) = outages(room)
    assert tests >= 100
    assert spent == [0] * len(NAMES)
    assert outage["cause"] == "PlexUnavailable"
    assert outage["jobs"]
    assert outage["how"] == "Plex passed the half-open test"
    assert has_all(room)
    assert len(room.said("cannot reach Plex")) == 1


def test_an_unknown_host_is_corrected_without_a_restart(house: House) -> None:
    scenes = scenes_of(house)
    house.stash.configure(a_plex_url=NOBODY)

    edit_all(house, scenes)
    house.stash.log_book.wait_for("cannot reach Plex", 60.0)
    waiting, pid = attempts(house), house.worker_pid
    house.stash.configure(a_plex_url=house.plex.url)
    wait_for(lambda: has_all(house), "all has arrived")
    house.drained()

    assert waiting == [0] * len(NAMES)
    assert house.worker_pid == pid
    assert house.dead_letters() == []
    assert [one["refused"] for one in outages(house)] == [False]


def test_a_self_signed_certificate_waits_for_the_user(
    house: House, guarded_plex: PlexEmulator
) -> None:
    scenes = scenes_of(house)
    house.stash.configure(a_plex_url=guarded_plex.url)

    edit_all(house, scenes)
    house.stash.log_book.wait_for("TLS certificate", 60.0)
    waiting, pid = attempts(house), house.worker_pid
    house.stash.configure(a_plex_url=house.plex.url)
    wait_for(lambda: has_all(house), "all has arrived")
    house.drained()

    assert waiting == [0] * len(NAMES)
    assert house.worker_pid == pid
    assert guarded_plex.count() == 0
    assert house.dead_letters() == []
    assert [one["refused"] for one in outages(house)] == [True]


def test_a_flapping_plex_gets_everything_from_a_worker(house: House) -> None:
    scenes = scenes_of(house)

    for number in (1, 2):
        house.plex.down()
        edit_all(house, scenes, f"Round {number}")
        wait_for_line(house, "new=open", number)
        house.plex.up()
        wait_for_line(house, "new=closed", number)
    wait_for(lambda: has_all(house, "Round 2"), "all has arrived")
    house.drained()

    assert house.worker_log().count("worker.start") == 1
    assert house.dead_letters() == []
    assert len(outages(house)) == 2


def test_the_files_of_the_breaker_can_be_read_by_a_person(house: House) -> None:
    house.plex.down()
    house.edit(house.scene(), title="Waits")
    wait_for(lambda: "new=open" in house.worker_log(), "the worker has noticed")

    document = json.loads((house.data / "circuit_breaker.json").read_text("utf-8"))

    assert document["state"] == "open"
    assert document["why"].startswith("PlexUnavailable: ")
    assert (house.data / "circuit_breaker.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_login_page_instead_of_an_answer_is_no_success(room: Workroom, method: str) -> None:
    """A proxy in front of Plex answers 200 with its own page, and Plex never hears of the write."""
    scene = room.scene(cover=picture(1))
    room.plex.faults.add(Fault("html_200", method=method, times=3))

    room.edit(scene, title="New")
    room.work_until(lambda: room.reasons() == {"PlexTemporaryError"})
    room.work_until(lambda: not room.jobs(), limit=600.0)

    assert room.item().title == "New"
    assert room.item().poster_bytes == picture(1)
    assert room.dead_letters() == []


def test_a_proxy_that_answers_with_its_page_is_an_outage(room: Workroom) -> None:
    scenes = scenes_of(room)
    edit_all(room, scenes, "Old")
    room.work_until(lambda: has_all(room, "Old"))
    room.plex.faults.add(Fault("html_200", times=None))

    edit_all(room, scenes)
    room.work_for(3_600.0, step=10.0)
    spent = attempts(room)
    room.plex.faults.clear()
    room.work_until(lambda: not room.jobs(), limit=300.0)

    assert spent == [0] * len(NAMES)
    assert has_all(room)
    assert room.dead_letters() == []
    assert len(outages(room)) == 1
