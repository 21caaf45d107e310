"""The current version takes over a data folder of version 1.1.0: for the user nothing changes.

Driven from outside, as Stash does it; what is kept is read by the stored names of tables and files.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.emulators.plex_model import Item
from tests.emulators.plex_server import PlexEmulator
from tests.flow.oracle import observed_values
from tests.flow.released_data import (
    FOLDER,
    KEPT,
    ContinuedServers,
    holding,
    query,
    read_document,
)
from tests.flow.snapshot import fill_plex
from tests.harness.processes import running

LISTING = "/library/sections/{S}/all"
DAY_S = 86_400.0
BY_HAND = "library/aurora/the-pier.mp4"
LEFT_LINE = "queue cannot be used: database is locked"
REFUSED, FAILED, POISON = 25, 26, 28
LATE, SPILLED, IN_PROGRESS, DESTROYED = 33, 24, 27, 30
UNTOUCHED = (1, 17, 21, 29)
FIRST_TASKS = (
    "View Queue Status",
    "Test One Scene",
    "Retry Dead Letters",
    "Restore Plex Values",
)


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[ContinuedServers]:
    """Yield both servers and the folder as 1.1.0 left it; no worker was started yet."""
    continued = ContinuedServers(tmp_path)
    with running(continued):
        yield continued


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContinuedServers]:
    """Yield the same after the current version has worked off what waited, to look at."""
    continued = ContinuedServers(tmp_path_factory.mktemp("settled"))
    with running(continued):
        continued.wake()
        settle(continued)
        yield continued


def is_at_rest(servers: ContinuedServers) -> bool:
    """Whether everything was taken in, and only what Plex does not have is waited for."""
    is_spilled = any((servers.data / "spill").glob("*.json"))
    return servers.status == "idle" and servers.reasons() == {"PlexNotFound"} and not is_spilled


def settle(servers: ContinuedServers) -> None:
    """Let time pass until the queue is at rest, the scanned scene included."""
    servers.time.pass_time(61.0)
    servers.time.pass_until(lambda: is_at_rest(servers), "the queue is at rest")


def open_without_writing(servers: ContinuedServers) -> None:
    """Let a worker take over the folder that may not write to Plex yet."""
    servers.configure(a_enabled=False)
    servers.wake()
    servers.time.pass_until(lambda: servers.status == "switched off", "an open folder")


def kept_document(name: str) -> Any:
    """Return a JSON document of the folder as 1.1.0 left it."""
    return read_document(f"{KEPT.name}/{name}")


def document(servers: ContinuedServers, name: str) -> Any:
    """Return a JSON document as it is now."""
    return json.loads((servers.data / name).read_text(encoding="utf-8"))


def waiting_before(servers: ContinuedServers) -> list[tuple[str, str]]:
    """Return (subject, cause) of what waited or was in progress at the end of 1.1.0."""
    statement = "SELECT subject, cause FROM scene_ack_queue_default WHERE status <= 2"
    return sorted(query(servers.before, statement))


def counters(data: Path) -> dict[str, dict[str, int]]:
    """Return what was counted, by kind and name."""
    found: dict[str, dict[str, int]] = {}
    for kind, name, count in query(data, "SELECT kind, name, count FROM counters"):
        found.setdefault(kind, {})[name] = count
    return found


def dead_letters_before(servers: ContinuedServers) -> dict[str, int]:
    """Return how many dead letters of which reason 1.1.0 left."""
    return dict(query(servers.before, "SELECT reason, count(*) FROM dead_letters GROUP BY reason"))


def item_of(servers: ContinuedServers, scene: int) -> Item:
    """Return the item that 1.1.0 wrote this scene to."""
    [(key,)] = query(servers.before, "SELECT item FROM records WHERE scene_id = ?", scene)
    return servers.plex.library.item(key)


def shows(servers: ContinuedServers, scene: int) -> bool:
    """Whether the scene's item shows what the scene has."""
    item, wanted = item_of(servers, scene), servers.stash.library.scene(scene)
    return (
        item.title == wanted.title
        and (item.summary, item.studio or "") == (wanted.details, wanted.studio or "")
        and set(item.roles) == set(wanted.performers)
        and set(item.genres) == set(wanted.tags)
        and (wanted.cover is None or item.poster_bytes == wanted.cover)
    )


def written_keys(servers: ContinuedServers) -> set[int]:
    """Return the items that any write named."""
    items = servers.plex.library.items()
    return {
        item.rating_key
        for item in items
        for one in servers.plex.writes()
        if f"id={item.rating_key}&" in one.target or f"/{item.rating_key}/" in one.path
    }


def attempts(servers: ContinuedServers, scene: int) -> int:
    """Return the attempts that a waiting scene has spent."""
    return next(spent for one, spent, _ in servers.jobs() if one == f"scene:{scene}")


# -- what waited is worked off --------------------------------------------------------------------


def test_what_waited_reaches_plex(settled: ContinuedServers) -> None:
    causes = {each for _, cause in waiting_before(settled) for each in cause.split("+")}
    recorded = {scene for (scene,) in query(settled.before, "SELECT scene_id FROM records")}
    living = recorded & set(settled.stash.library.scene_ids())

    assert causes >= {"update", "sync_all", "fan_out", "destroy", "scan", "revived"}
    assert [scene for scene in sorted(living) if not shows(settled, scene)] == []
    assert item_of(settled, IN_PROGRESS).title == "In progress"
    assert settled.recorded_items(DESTROYED) == []
    assert [subject for subject, _, _ in settled.jobs()] == ["scene:33", "scene:7", "scene:8"]


def test_spill_and_the_left_message_are_taken_in(settled: ContinuedServers) -> None:
    errors = settled.stash_log("PlexSync", "Error")

    assert item_of(settled, SPILLED).title == "Spilled"
    assert list((settled.data / "spill").iterdir()) == []
    assert not (settled.data / "message.json").exists()
    assert len(errors) == 1
    assert LEFT_LINE in errors[0]


def test_what_was_current_is_not_written(settled: ContinuedServers) -> None:
    keys = {item_of(settled, scene).rating_key for scene in UNTOUCHED}

    assert not keys & written_keys(settled)


def test_each_library_is_listed_again_once(settled: ContinuedServers) -> None:
    # An index in the format of 1.1.0 is listed again; one in the present format is used as it is.
    assert settled.plex.count("GET", LISTING) <= len(settled.plex.library.sections)


def test_plex_sees_the_same_device(settled: ContinuedServers) -> None:
    assert list(settled.plex.devices) == [kept_document("device.json")["identifier"]]


def test_the_comparison_that_was_asked_for_is_made(settled: ContinuedServers) -> None:
    before, now = kept_document("reconciliation.json"), document(settled, "reconciliation.json")

    # Version 1.1 did not count what the settings leave out.
    assert now["runs"][1:] == [{**run, "left_out": {}} for run in before["runs"]]
    newest = now["runs"][0]
    assert (newest["cause"], newest["scope"], newest["failed"]) == ("task", "all", "")


# -- the queue ------------------------------------------------------------------------------------


def test_a_due_time_and_spent_attempts_count(servers: ContinuedServers) -> None:
    statement = "SELECT due_at, attempts FROM scene_ack_queue_default WHERE subject = ?"
    [(due_at, spent)] = query(servers.before, statement, f"scene:{LATE}")
    servers.wake()

    servers.time.pass_time(due_at - servers.time.now() - 1.0)
    before_it_is_due = attempts(servers, LATE)
    servers.time.pass_time(3.0)

    assert spent == before_it_is_due == 1
    assert attempts(servers, LATE) == 2


def test_a_hook_enqueues_before_a_worker_came(servers: ContinuedServers) -> None:
    waited = len(waiting_before(servers)) + len(list((servers.data / "spill").iterdir()))

    with holding(servers.data / "lease.db"):
        servers.edit(UNTOUCHED[0], title="By a hook alone")

    kept = len(servers.jobs()) + len(list((servers.data / "spill").iterdir()))
    servers.wake()
    settle(servers)
    assert kept == waited + 1  # as a file where the new version has another schema
    assert shows(servers, UNTOUCHED[0])


# -- what is known of scenes and items ------------------------------------------------------------


def test_unchanged_scenes_are_not_written_again(servers: ContinuedServers) -> None:
    servers.wake()
    settle(servers)
    servers.plex.reset_counts()

    by_records = servers.ask("Sync All Scenes")
    by_content = servers.ask("Reconcile Library (All)")
    forced = servers.ask("Force Sync All")

    assert servers.plex.writes() == []
    # Without a record: two dead letters, three scenes whose files Plex does not have.
    assert by_records["queued"] == 5
    assert by_records["current"] == len(servers.stash.library.scenes) - 5
    assert by_content["gaps"] == {"missing": 5}
    assert forced["current"] == 0


def test_originals_are_restored(servers: ContinuedServers) -> None:
    open_without_writing(servers)
    chosen = servers.ask("Restore Plex Values")["chosen"]
    servers.time.pass_time(10.0)
    restored = servers.ask("Restore Plex Values")

    assert [(chosen,)] == query(servers.before, "SELECT count(*) FROM originals")
    assert restored == {"restored": chosen, "edited": 1, "gone": 0, "refused": 0}
    first = PlexEmulator()
    fill_plex(first, read_document("plex_before.json"))
    for before in first.library.items():
        now = servers.plex.library.item(before.rating_key)
        if now is servers.item(BY_HAND):
            assert (now.tagline, now.locked - before.locked) == ("By hand", {"tagline"})
            now.tagline, now.locked = before.tagline, before.locked
        assert observed_values(now) == observed_values(before)
        assert now.locked == before.locked


def test_learned_folders_are_used_and_wrong_ones_not(servers: ContinuedServers) -> None:
    twice = servers.stash.library.add_scene("/data/films/mill/twice.mp4", 3_002)
    servers.edit(twice, title="Found by learned folders")
    settle(servers)
    servers.stop_worker()
    servers.time.jump(DAY_S)
    servers.edit(twice, details="A day later, folders are learned again.")
    settle(servers)

    before = kept_document("learned_paths.json")
    now = document(servers, "learned_paths.json")
    assert servers.item("library/mill/twice.mp4").title == "Found by learned folders"
    assert servers.item("other/twice.mp4").title == "twice"
    assert now["learned_at"] > before["learned_at"]
    assert now["dropped"] == before["dropped"] != []
    assert [(one["source"], one["target"]) for one in now["pairs"]] == [
        ("/data/films", "/media/library")
    ]


# -- dead letters ---------------------------------------------------------------------------------


def test_dead_letters_are_listed_and_tried_again(servers: ContinuedServers) -> None:
    before = dead_letters_before(servers)
    open_without_writing(servers)
    listed = servers.ask("List Dead Letters")["dead"]
    retried = servers.ask("Retry Dead Letters")
    servers.configure(a_enabled=True)
    settle(servers)

    kinds = {"PlexNotFound", "AmbiguousMatch", "WeakMatch", "PlexRejected", "PlexTemporaryError"}
    assert {kind: listed[kind] for kind in kinds} == {kind: before[kind] for kind in kinds}
    assert sum(listed.values()) == sum(before.values()) == len(kinds) + 1  # a crash, renamed since
    assert retried == {"revived": sum(before.values()), "left": 0}
    assert [shows(servers, scene) for scene in (REFUSED, FAILED, POISON)] == [True] * 3
    assert {row.reason for row in servers.dead_letters()} == {"AmbiguousMatch", "WeakMatch"}


def test_dead_letters_of_an_outage_are_recovered(servers: ContinuedServers) -> None:
    open_without_writing(servers)
    servers.ask("Clear Pending Queue")
    servers.time.pass_time(10.0)
    servers.ask("Clear Pending Queue")
    answer = servers.ask("Recover Outage Jobs: Temporary Errors")
    waiting = [subject for subject, _, _ in servers.jobs()]
    servers.configure(a_enabled=True)
    servers.time.pass_until(lambda: shows(servers, FAILED), "the recovered scene is written")

    assert answer["recovered"] == {"PlexTemporaryError": 1}
    assert waiting == [f"scene:{FAILED}"]


def test_a_confirmation_that_was_begun_counts(servers: ContinuedServers) -> None:
    asked = kept_document("confirm.json")
    open_without_writing(servers)
    servers.time.pass_time(10.0)

    answer = servers.ask(asked["task"])

    assert answer == {"deleted": asked["count"], "left": 0}
    assert servers.dead_letters() == []


# -- outages and figures --------------------------------------------------------------------------


def test_an_outage_continues_and_ends_as_one(servers: ContinuedServers) -> None:
    before = kept_document("outages.json")["outages"]
    servers.plex.down()
    servers.wake()
    servers.time.pass_time(120.0)
    status, during = servers.ask("View Queue Status"), servers.ask("Outage Summary Report")
    servers.plex.up()
    settle(servers)
    after = servers.ask("Outage Summary Report")

    assert status["breaker"] == "open"
    assert (during["outages"], during["since_last_s"]) == (len(before), 0.0)
    assert (after["outages"], after["refused"]) == (len(before), 1)
    now = document(servers, "outages.json")["outages"]
    assert now[:-1] == before[:-1]
    assert (before[-1]["end"], now[-1]["start"]) == (None, before[-1]["start"])
    assert now[-1]["end"] > before[-1]["start"] + 120.0
    assert shows(servers, IN_PROGRESS)


def test_statistics_and_the_last_comparison_are_shown(servers: ContinuedServers) -> None:
    kept, counted = kept_document("stats.json"), counters(servers.before)
    open_without_writing(servers)
    first = servers.ask("View Queue Status")["statistics"]
    servers.configure(a_enabled=True)
    settle(servers)
    later = servers.ask("View Queue Status")["statistics"]

    assert {kind: first[kind] for kind in counted} == counted
    assert first["since"] == later["since"] == kept["since"]
    assert first["requests"] == kept["requests"]
    assert first["timing"]["job"]["count"] == len(kept["times_s"]["job"])
    assert later["outcomes"]["done"] > first["outcomes"]["done"]
    assert len(servers.stash_log("all, 30 scenes", "Info")) == 1


# -- everything -----------------------------------------------------------------------------------


@pytest.mark.parametrize("task", FIRST_TASKS)
def test_a_task_answers_before_a_worker_came(servers: ContinuedServers, task: str) -> None:
    servers.configure(a_enabled=False, f_test_scene=IN_PROGRESS)

    assert isinstance(servers.ask(task), dict)


def test_tasks_read_what_is_kept(servers: ContinuedServers) -> None:
    open_without_writing(servers)
    servers.configure(f_test_scene=IN_PROGRESS)
    lines = len((servers.before / "plexsync.log").read_text(encoding="utf-8").splitlines())

    health = servers.ask("Health Check")
    tested = servers.ask("Test One Scene")
    would_write = servers.ask("Sync All: Dry Run")
    would_queue = servers.ask("Reconcile: Dry Run")
    logged = servers.ask("View Worker Log")
    forgotten = servers.ask("Clear Match Cache")

    assert health["found"] == len(servers.stash.library.scenes) - 5
    assert health["proposed"] == ["/data/films => /media/library"]
    assert (tested["scene"], tested["problem"]) == (IN_PROGRESS, "")
    assert would_write["fields"]["title"] >= 2
    assert would_queue["gaps"]["stale"] >= 1
    assert 0 < logged["lines"] <= lines
    assert forgotten["rows"] > 0
    assert [line for line in servers.stash_log("PlexSync", "Error") if LEFT_LINE not in line] == []


def test_a_damaged_database_is_repaired(servers: ContinuedServers) -> None:
    database = servers.data / "queue.db"
    content = bytearray(database.read_bytes())
    content[4096 : 4096 * 6] = b"\xff" * (4096 * 5)
    database.write_bytes(content)

    servers.wake()
    servers.time.pass_until(lambda: servers.rows("SELECT 1 FROM records"), "a repaired database")
    settle(servers)

    assert len(list(servers.data.glob("queue.db.damaged-*"))) >= 1
    assert [scene for scene in UNTOUCHED if not servers.recorded_items(scene)] == []
    assert servers.ask("Outage Summary Report")["outages"] == len(
        kept_document("outages.json")["outages"]
    )


def test_nothing_of_the_folder_was_left_out() -> None:
    names = {path.name.removesuffix(".xz") for path in KEPT.iterdir()}

    assert names >= {
        "queue.db", "backup.db", "cache", "spill", "plexsync.log", "message.json", "device.json",
        "learned_paths.json", "circuit_breaker.json", "outages.json", "ramp.json", "stats.json",
        "reconciliation.json", "confirm.json",
    }  # fmt: skip
    size = sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file())
    assert size < 300_000
