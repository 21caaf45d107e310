"""Looks at an installation, each of which sees something else when its setting is another."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from core.job import scene_subject
from sync_queue.lease import Lease
from tasks.context import TaskFailed
from tasks.run import build_context, run_task
from tasks.table import TASKS
from tests.emulators.plex_server import PlexEmulator
from tests.flow.inproc import LATER_S, Inproc
from tests.flow.shown_fields import AFTER, BEFORE, known_to_both, what_shows
from tests.support import ROOT
from tests.unit.plex.servers import full_backlog
from wiring import Environment

MINUTE_S, HOUR_S, DAY_S = 60.0, 3_600.0, 86_400.0
SCAN_SETTLED_S = 65.0
MUCH = 200  # scenes that take longer than any time limit here
NEW, OLD = AFTER["title"], BEFORE["title"]


def tried(house: Inproc, *scenes: int) -> None:
    """Note these scenes and let the worker look around a few times, whether it can do anything or not."""
    house.clock.advance(LATER_S)
    house.note(*scenes)
    for _ in range(3):
        assert house.worker.loop.tick() is None
        house.clock.advance(1.0)


def synced(house: Inproc, **fields: Any) -> dict[str, Any]:
    """What Plex shows of a scene that was tried."""
    scene, item = known_to_both(house, **fields)
    tried(house, scene)
    return what_shows(house.shown(item))


def field(name: str, **fields: Any) -> Callable[[Inproc], object]:
    """A look at one field of such a scene."""
    return lambda house: synced(house, **fields)[name]


def two_libraries(house: Inproc) -> object:
    """The titles of one file's items in two libraries."""
    other = house.plex.library.add_section("Other", ["/media"]).key
    scene, item = known_to_both(house)
    copy = house.item("/media/a.mp4", section=other, title=OLD)
    tried(house, scene)
    return [house.shown(one).title for one in (item, copy)]


def patience(house: Inproc) -> object:
    """How many seconds the health check waits for a Plex that accepts no connection, in its own words."""
    with full_backlog() as url:
        if url is None:
            pytest.skip("this system accepts every connection")
        house.configure(a_plex_url=url)
        return found_in(pressed(house, "health"), "within 1 s", "within 2 s")


def own_certificate(house: Inproc) -> object:
    """The title in a Plex that has signed its certificate itself."""
    with PlexEmulator(token=house.plex.token, clock=house.clock.wall, tls=True) as plex:
        section = plex.library.add_section("Scenes", ["/media"]).key
        item = plex.library.add_item(section, [("/media/a.mp4", 1_000)], title=OLD)
        house.configure(a_plex_url=plex.url)
        tried(house, house.scene("/data/a.mp4", title=NEW))
        return plex.library.item(item).title


def two_folders(house: Inproc) -> object:
    """The titles of two files of the same name."""
    items = [house.item(f"/media/{year}/a.mp4", title=OLD) for year in (2019, 2024)]
    tried(house, house.scene("/data/a.mp4", title=NEW))
    return [house.shown(item).title for item in items]


def name_alone(house: Inproc) -> object:
    """The title of an item for which its file's name alone speaks."""
    house.configure(b_path_map="")
    item = house.item("/media/deep/down/a.mp4", 5, title=OLD)
    tried(house, house.scene("/data/a.mp4", 0, title=NEW))
    return house.shown(item).title


def two_items(house: Inproc) -> object:
    """The titles of the item that plays scene 1 and of item 101."""
    other = house.item("/media/b.mp4", title=OLD)
    scene, item = known_to_both(house)
    assert (scene, other) == (1, 101)
    tried(house, scene)
    return [house.shown(one).title for one in (item, other)]


def file_that_plex_lacks(house: Inproc) -> object:
    """What waits for what."""
    tried(house, house.scene("/data/a.mp4"))
    return house.waiting()


def folders_scanned(house: Inproc) -> object:
    """The folders that Plex was asked to scan for a new scene."""
    subject = scene_subject(house.scene("/data/new/a.mp4"))
    house.worker.components.store.enqueue(subject, "create")
    house.look(SCAN_SETTLED_S)
    asked = [
        urlsplit(request.target)
        for request in house.plex.requests
        if request.path.endswith("/refresh")
    ]
    return [parse_qs(target.query)["path"] for target in asked]


def written_and_recorded(house: Inproc) -> object:
    """The title, and how many items the records name."""
    scene, item = known_to_both(house)
    tried(house, scene)
    return house.shown(item).title, len(house.records(scene))


def edited_by_hand(house: Inproc) -> object:
    """The summary of an item that a person edited in Plex, after the scene's changed as well."""
    scene, item = known_to_both(house)
    house.sync(scene)
    house.plex.library.change(item, summary="By hand")
    house.change(scene, details="Changed.")
    house.sync(scene)
    return house.shown(item).summary


def not_identified(house: Inproc) -> object:
    """The summary of an item whose scene has a title and nothing else."""
    scene, item = house.pair("a.mp4", title=NEW)
    house.plex.library.change(item, summary="Agent's words.")
    tried(house, scene)
    return house.shown(item).summary


def after_an_agent(house: Inproc) -> object:
    """The title when an agent has come by."""
    scene, item = known_to_both(house)
    house.sync(scene)
    house.plex.library.agent_refresh(item, title="Agent's")
    return house.shown(item).title


def form_of_a_line(house: Inproc) -> object:
    """Whether the log's line of a sync is a document."""
    synced(house)
    (line,) = [line for line in house.log().splitlines() if "sync.done" in line]
    return line.startswith("{") and json.loads(line)["event"] == "sync.done"


def steps(house: Inproc) -> object:
    """Whether the log has a sync's steps."""
    synced(house)
    return "step.match" in house.log()


def names_of_files(house: Inproc) -> object:
    """Whether the log and a task's lines name the file of a scene that Plex lacks."""
    house.configure(f_test_scene=1)
    tried(house, house.scene("/data/secret.mp4"))
    said: list[bytes] = []
    answer = run_task(
        message(house),
        {"mode": "test_scene"},
        str(ROOT),
        str(house.data),
        lambda by: None,
        said.append,
    )
    assert set(answer) == {"output"}
    return ["secret" in house.log(), b"secret" in b"".join(said)]


def runs_of_a_day(house: Inproc) -> object:
    """How many comparisons the clock has begun within 26 hours."""
    synced(house)
    for _ in range(13):
        house.look(2 * HOUR_S)
        house.look_for(MINUTE_S)
    return house.log().count("reconcile.start cause=interval")


def found_by_comparing(house: Inproc) -> object:
    """The titles of a scene of three days ago and of one of today, after both were changed in silence."""
    house.configure(d_reconcile_interval="never")
    pairs = []
    for name in ("old.mp4", "young.mp4"):
        house.clock.advance(3 * DAY_S)
        pairs.append(known_to_both(house, name))
        house.sync(pairs[-1][0])
    for scene, _ in pairs:
        house.stash.library.change_scene(scene, touch=False, title="Silent")
    house.configure(d_reconcile_interval="hourly")
    house.look_for(HOUR_S, every_s=5 * MINUTE_S)  # settings are read again when something is due
    return [house.shown(item).title for _, item in pairs]


# -- tasks ---------------------------------------------------------------------------------------


def message(house: Inproc) -> dict[str, object]:
    """How Stash tells a task where it listens."""
    return {"server_connection": {"Scheme": "http", "Host": "127.0.0.1", "Port": house.stash.port}}


def found_in(said: str, *texts: str) -> list[str]:
    """Those of the texts that were said."""
    return [text for text in texts if text in said]


def pressed(house: Inproc, mode: str) -> str:
    """What a task says, its failure included."""
    said: list[str] = []
    env = Environment(ROOT, house.data, house.clock)
    context = build_context(
        env, message(house), lambda by: None, lambda line: said.append(line.decode())
    )
    try:
        next(task for task in TASKS if task.mode == mode).run(context)
    except TaskFailed as error:
        said.append(str(error))
    return "\n".join(said)


def scene_of_the_test(house: Inproc) -> object:
    """Which scene is looked at."""
    return found_in(pressed(house, "test_scene"), "Scene 1 ", "Scene 2 ", "Enter the scene's id")


def letter_of_five_days(house: Inproc) -> object:
    """Whether a dead letter of five days is old."""
    store = house.worker.components.store
    house.note(house.scene("/data/a.mp4"))
    (job,) = store.claim()
    store.dead_letter(job, title="", reason="WeakMatch", message="")
    house.clock.advance(5 * DAY_S)
    return "1 dead letter would be deleted" in pressed(house, "purge_dead")


def endless_queue(house: Inproc) -> object:
    """For how many minutes a task follows a worker that never comes to an end."""
    house.note(*range(1, MUCH))
    lease, newer = Lease(house.data), iter(range(MUCH, 10 * MUCH))
    assert lease.acquire()
    house.clock.on_sleep = lambda seconds: house.note(next(newer))
    began = house.clock.monotonic()
    try:
        said = pressed(house, "process")
    finally:
        lease.release()
    assert "is used up" in said
    return (house.clock.monotonic() - began) // MINUTE_S
