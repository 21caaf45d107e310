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
from tests.flow.field_cases import AFTER, BEFORE, matched_scene, observed
from tests.harness.in_process import SETTLED_S, InProcessHarness
from tests.harness.plex_clients import full_backlog
from tests.harness.plugin_copy import ROOT
from wiring import Environment

MINUTE_S, HOUR_S, DAY_S = 60.0, 3_600.0, 86_400.0
SCAN_SETTLED_S = 65.0
MUCH = 200  # scenes that take longer than any time limit here
NEW, OLD = AFTER["title"], BEFORE["title"]


def sync_attempt(worker: InProcessHarness, *scenes: int) -> None:
    """Note these scenes and let the worker look around a few times, whether it can do anything or
    not.
    """
    worker.clock.advance(SETTLED_S)
    worker.enqueue(*scenes)
    for _ in range(3):
        worker.tick()
        worker.clock.advance(1.0)


def synced(worker: InProcessHarness, **fields: Any) -> dict[str, Any]:
    """What Plex shows of a scene that was tried."""
    scene, item = matched_scene(worker, **fields)
    sync_attempt(worker, scene)
    return observed(worker.shown(item))


def field(name: str, **fields: Any) -> Callable[[InProcessHarness], object]:
    """A look at one field of such a scene."""
    return lambda worker: synced(worker, **fields)[name]


def actors(worker: InProcessHarness) -> object:
    """The actors in Plex's order of a scene with a woman and two others."""
    library = worker.stash.library
    cast = [
        library.add_performer("Zoe"),
        library.add_performer("Mia", gender="FEMALE"),
        library.add_performer("Jon", gender="MALE"),
    ]
    scene, item = matched_scene(worker, performers=cast)
    worker.plex.library.change(item, roles=[])  # an actor who is there already keeps the place
    sync_attempt(worker, scene)
    return worker.shown(item).roles


def role_texts(worker: InProcessHarness) -> object:
    """The texts of the roles of three performers, of whom less and less is known."""
    library = worker.stash.library
    cast = [
        library.add_performer("Mia", gender="FEMALE", birthdate="1990-03-10"),
        library.add_performer("Jon", gender="MALE"),
        library.add_performer("Zoe"),
    ]
    scene, item = matched_scene(worker, performers=cast)
    sync_attempt(worker, scene)
    return sorted(worker.shown(item).role_texts)


def namesakes(worker: InProcessHarness) -> object:
    """The actors of a scene that has two performers of one name."""
    library = worker.stash.library
    cast = [
        library.add_performer("Mia", disambiguation="the younger"),
        library.add_performer("Mia", disambiguation="the elder"),
        library.add_performer("Jon", disambiguation="of Porto"),
    ]
    scene, item = matched_scene(worker, performers=cast)
    sync_attempt(worker, scene)
    return sorted(worker.shown(item).roles)


def collections_with_groups(worker: InProcessHarness) -> object:
    """The collections of a scene whose groups become some."""
    worker.configure(c_sync_groups=True)
    return synced(worker)["collection"]


def placed(name: str, **settings: Any) -> Callable[[InProcessHarness], object]:
    """A look at one field of such a scene, whose studio, tags and performers stand below others."""

    def look(worker: InProcessHarness) -> object:
        library = worker.stash.library
        library.add_studio("Network", parent=library.add_studio("World"))
        library.add_studio("Aurora", parent="Network")
        library.add_tag("night", parents=["mood"])
        library.add_performer("Mia", tag_ids=(library.tag_id("blonde"),))
        worker.configure(**settings)
        return synced(worker)[name]

    return look


def two_libraries(worker: InProcessHarness) -> object:
    """The titles of one file's items in two libraries."""
    other = worker.plex.library.add_section("Other", ["/media"]).key
    scene, item = matched_scene(worker)
    copy = worker.add_item("/media/a.mp4", section=other, title=OLD)
    sync_attempt(worker, scene)
    return [worker.shown(one).title for one in (item, copy)]


def connect_timeout(worker: InProcessHarness) -> object:
    """How many seconds the health check waits for a Plex that accepts no connection, in its own
    words.
    """
    with full_backlog() as url:
        if url is None:
            pytest.skip("this system accepts every connection")
        worker.configure(a_plex_url=url)
        return found_in(run_task_text(worker, "health"), "within 1 s", "within 2 s")


def own_certificate(worker: InProcessHarness) -> object:
    """The title in a Plex that has signed its certificate itself."""
    with PlexEmulator(token=worker.plex.token, clock=worker.clock.wall, tls=True) as plex:
        section = plex.library.add_section("Scenes", ["/media"]).key
        item = plex.library.add_item(section, [("/media/a.mp4", 1_000)], title=OLD)
        worker.configure(a_plex_url=plex.url)
        sync_attempt(worker, worker.add_scene("/data/a.mp4", title=NEW))
        return plex.library.item(item).title


def two_folders(worker: InProcessHarness) -> object:
    """The titles of two files of the same name."""
    items = [worker.add_item(f"/media/{year}/a.mp4", title=OLD) for year in (2019, 2024)]
    sync_attempt(worker, worker.add_scene("/data/a.mp4", title=NEW))
    return [worker.shown(item).title for item in items]


def name_only_match(worker: InProcessHarness) -> object:
    """The title of an item that is matched by its file's name alone."""
    worker.configure(b_path_map="")
    item = worker.add_item("/media/deep/down/a.mp4", 5, title=OLD)
    sync_attempt(worker, worker.add_scene("/data/a.mp4", 0, title=NEW))
    return worker.shown(item).title


def two_items(worker: InProcessHarness) -> object:
    """The titles of the item that plays scene 1 and of item 101."""
    other = worker.add_item("/media/b.mp4", title=OLD)
    scene, item = matched_scene(worker)
    assert (scene, other) == (1, 101)
    sync_attempt(worker, scene)
    return [worker.shown(one).title for one in (item, other)]


def file_that_plex_lacks(worker: InProcessHarness) -> object:
    """What waits for what."""
    sync_attempt(worker, worker.add_scene("/data/a.mp4"))
    return worker.waiting()


def folders_scanned(worker: InProcessHarness) -> object:
    """The folders that Plex was asked to scan for a new scene."""
    subject = scene_subject(worker.add_scene("/data/new/a.mp4"))
    worker.store.enqueue(subject, "create")
    worker.run_until_idle(SCAN_SETTLED_S)
    asked = [
        urlsplit(request.target)
        for request in worker.plex.requests
        if request.path.endswith("/refresh")
    ]
    return [parse_qs(target.query)["path"] for target in asked]


def excluded_later(worker: InProcessHarness) -> object:
    """The title of a scene that was written and is excluded since."""
    scene, item = matched_scene(worker)
    worker.sync(scene)
    worker.configure(b_excluded_tags="night")
    worker.sync(scene)
    return worker.shown(item).title


def written_and_recorded(worker: InProcessHarness) -> object:
    """The title, and how many items the records name."""
    scene, item = matched_scene(worker)
    sync_attempt(worker, scene)
    return worker.shown(item).title, len(worker.records(scene))


def edited_by_hand(worker: InProcessHarness) -> object:
    """The summary of an item that was edited in Plex, after the scene's changed as well."""
    scene, item = matched_scene(worker)
    worker.sync(scene)
    worker.plex.library.change(item, summary="By hand")
    worker.change(scene, details="Changed.")
    worker.sync(scene)
    return worker.shown(item).summary


def not_identified(worker: InProcessHarness) -> object:
    """The summary of an item whose scene has a title and nothing else."""
    scene, item = worker.pair("a.mp4", title=NEW)
    worker.plex.library.change(item, summary="Agent's words.")
    sync_attempt(worker, scene)
    return worker.shown(item).summary


def after_an_agent(worker: InProcessHarness) -> object:
    """The title when an agent has come by."""
    scene, item = matched_scene(worker)
    worker.sync(scene)
    worker.plex.library.agent_refresh(item, title="Agent's")
    return worker.shown(item).title


def collections_after_an_agent(worker: InProcessHarness) -> object:
    """The collections when an agent has come by."""
    scene, item = matched_scene(worker)
    worker.change(scene, studio="Aurora")
    worker.sync(scene)
    worker.plex.library.agent_refresh(item)
    return worker.shown(item).collections


def form_of_a_line(worker: InProcessHarness) -> object:
    """Whether the log's line of a sync is a document."""
    synced(worker)
    (line,) = [line for line in worker.worker_log().splitlines() if "sync.done" in line]
    return line.startswith("{") and json.loads(line)["event"] == "sync.done"


def steps(worker: InProcessHarness) -> object:
    """Whether the log has a sync's steps."""
    synced(worker)
    return "step.match" in worker.worker_log()


def names_of_files(worker: InProcessHarness) -> object:
    """Whether the log and a task's lines name the file of a scene that Plex lacks."""
    worker.configure(f_test_scene=1)
    sync_attempt(worker, worker.add_scene("/data/secret.mp4"))
    output: list[bytes] = []
    answer = run_task(
        message(worker),
        {"mode": "test_scene"},
        str(ROOT),
        str(worker.data),
        lambda by: None,
        output.append,
    )
    assert set(answer) == {"output"}
    return ["secret" in worker.worker_log(), b"secret" in b"".join(output)]


def runs_of_a_day(worker: InProcessHarness) -> object:
    """How many comparisons the clock has begun within 26 hours."""
    synced(worker)
    for _ in range(13):
        worker.run_until_idle(2 * HOUR_S)
        worker.run_for(MINUTE_S)
    return worker.worker_log().count("reconcile.start cause=interval")


def found_by_comparing(worker: InProcessHarness) -> object:
    """The titles of a scene of three days ago and of one of today, after both were changed in
    silence.
    """
    worker.configure(d_reconcile_interval="never")
    pairs = []
    for name in ("old.mp4", "young.mp4"):
        worker.clock.advance(3 * DAY_S)
        pairs.append(matched_scene(worker, name))
        worker.sync(pairs[-1][0])
    for scene, _ in pairs:
        worker.stash.library.change_scene(scene, touch=False, title="Silent")
    worker.configure(d_reconcile_interval="hourly")
    worker.run_for(HOUR_S, every_s=5 * MINUTE_S)  # settings are read again when something is due
    return [worker.shown(item).title for _, item in pairs]


# -- tasks ---------------------------------------------------------------------------------------


def message(worker: InProcessHarness) -> dict[str, object]:
    """Return what Stash passes to a task: where it listens."""
    return {"server_connection": {"Scheme": "http", "Host": "127.0.0.1", "Port": worker.stash.port}}


def found_in(output: str, *texts: str) -> list[str]:
    """Return those of the texts that were printed."""
    return [text for text in texts if text in output]


def run_task_text(worker: InProcessHarness, mode: str) -> str:
    """Return what a task prints, its failure included."""
    output: list[str] = []
    env = Environment(ROOT, worker.data, worker.clock)
    context = build_context(
        env, message(worker), lambda by: None, lambda line: output.append(line.decode())
    )
    try:
        next(task for task in TASKS if task.mode == mode).run(context)
    except TaskFailed as error:
        output.append(str(error))
    return "\n".join(output)


def scene_of_the_test(worker: InProcessHarness) -> object:
    """Which scene is looked at."""
    return found_in(
        run_task_text(worker, "test_scene"), "Scene 1 ", "Scene 2 ", "Enter the scene's ID"
    )


def dead_letter_of_five_days(worker: InProcessHarness) -> object:
    """Whether a dead letter of five days is old."""
    store = worker.store
    worker.enqueue(worker.add_scene("/data/a.mp4"))
    (job,) = store.claim()
    store.dead_letter(job, title="", reason="WeakMatch", message="")
    worker.clock.advance(5 * DAY_S)
    return "1 dead letter would be deleted" in run_task_text(worker, "purge_dead")


def endless_queue(worker: InProcessHarness) -> object:
    """For how many minutes a task follows a worker that never comes to an end."""
    worker.enqueue(*range(1, MUCH))
    lease, newer = Lease(worker.data), iter(range(MUCH, 10 * MUCH))
    assert lease.acquire()
    worker.clock.on_sleep = lambda seconds: worker.enqueue(next(newer))
    began = worker.clock.monotonic()
    try:
        output = run_task_text(worker, "process")
    finally:
        lease.release()
    assert "is used up" in output
    return (worker.clock.monotonic() - began) // MINUTE_S
