"""One event becomes one waiting job, whatever state the folder is in."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.checkpoint import Checkpoint, no_checkpoint
from core.fields import FIELDS
from hooks.entry import (
    ENTITY_TRIGGERS,
    IGNORED_ENTITY_KEYS,
    IGNORED_KEYS,
    TRIGGERS,
    InvalidHookContext,
    job_from_context,
    merge_source_jobs,
    run_hook,
)
from stash.queries import SCENE
from sync_queue.hook_queue import DATABASE, write_pending_message
from sync_queue.lease import Lease
from sync_queue.notices import Notices
from sync_queue.schema import open_database
from sync_queue.statements import QUEUE
from sync_queue.store import JobStore
from tests.harness.clocks import FakeClock
from tests.harness.database import query
from tests.harness.plugin_copy import ROOT

NOW = 1_700_000_000.0


def context(trigger: str = "Scene.Update.Post", **changed: Any) -> dict[str, Any]:
    return {
        "id": 42,
        "type": trigger,
        "input": {"id": "42"},
        "inputFields": ["id", "title"],
        **changed,
    }


def message(hook: object) -> dict[str, object]:
    server = {
        "Scheme": "http",
        "Host": "0.0.0.0",
        "Port": 9999,
        "SessionCookie": {"Value": "c00kie"},
    }
    return {"server_connection": server, "args": {"hookContext": hook}}


class FakeWorkerStart:
    """Stands where a worker is started: remembers the causes, and says whether that worker has
    ended.
    """

    def __init__(self, ended: int | None = None, on_start: Callable[[], object] = int) -> None:
        self.causes: list[str] = []
        self.ended = ended
        self.on_start = on_start

    def __call__(self, cause: str) -> Callable[[], int | None]:
        self.causes.append(cause)
        self.on_start()
        return lambda: self.ended


class HookHarness:
    """A data folder with what a hook run needs."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.errors: list[bytes] = []

    def run(
        self, hook: object, starter: FakeWorkerStart, checkpoint: Checkpoint = no_checkpoint
    ) -> dict[str, object]:
        return run_hook(
            message(hook), str(self.data_dir), NOW, starter, self.errors.append, checkpoint
        )

    def make_database(self) -> None:
        open_database(self.data_dir)

    def subjects(self) -> list[object]:
        return [row[0] for row in query(self.data_dir, f"SELECT subject FROM {QUEUE}")]

    def spilled(self) -> list[dict[str, Any]]:
        folder = self.data_dir / "spill"
        return [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))]


@pytest.fixture
def harness(tmp_path: Path) -> HookHarness:
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    return HookHarness(data_dir)


def held_lease(data_dir: Path) -> Lease:
    """The lease, held as a living worker holds it."""
    lease = Lease(data_dir)
    assert lease.acquire()
    return lease


# -- what an event means --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hook", "cause", "settle_s"),
    [
        (context("Scene.Update.Post"), "update", 1.0),
        (context("Scene.Create.Post"), "create", 1.0),
        (context("Scene.Destroy.Post"), "destroy", 1.0),
        (context("Scene.Destroy.Post", input=None, inputFields=None), "destroy", 1.0),
        (context("Scene.Create.Post", input=None, inputFields=None), "scan", 60.0),
        (context("Scene.Update.Post", input=None, inputFields=None), "scan", 60.0),
        (context(input=[]), "update", 1.0),
        (context(input="x" * 1000), "update", 1.0),
    ],
)
def test_an_event_becomes_a_note_that_settles(
    hook: dict[str, Any], cause: str, settle_s: float
) -> None:
    note = job_from_context(hook, NOW)

    assert note is not None
    assert (note["subject"], note["cause"], note["priority"]) == ("scene:42", cause, 0)
    assert note["due_at"] == NOW + settle_s
    assert note["window"] == (None if cause == "scan" else 4.0)


@pytest.mark.parametrize("keys", [[key] for key in sorted(IGNORED_KEYS)] + [sorted(IGNORED_KEYS)])
def test_an_update_that_plex_can_never_show_is_not_noted(keys: list[str]) -> None:
    assert job_from_context(context(inputFields=keys), NOW) is None


@pytest.mark.parametrize(
    "keys",
    [
        None,
        [],
        {},
        "play_count",
        5,
        ["play_count", None],
        ["play_count", 5],
        ["play_count", ["id"]],
        ["id", "title"],
        ["play_count", "title"],
        ["something_new"],
        ["PLAY_COUNT"],
    ],
)
def test_when_in_doubt_an_update_is_noted(keys: object) -> None:
    assert job_from_context(context(inputFields=keys), NOW) is not None


@pytest.mark.parametrize("trigger", ["Scene.Create.Post", "Scene.Destroy.Post"])
def test_only_updates_can_be_silent(trigger: str) -> None:
    assert job_from_context(context(trigger, inputFields=["play_count"]), NOW) is not None


def test_nothing_that_is_synced_is_silent() -> None:
    selected = {word for field in FIELDS for word in scene_words(field.selection)} | {
        field.stash for field in FIELDS
    }
    inputs = {f"{name}_id" for name in selected} | {
        f"{name.removesuffix('s')}_ids" for name in selected
    }
    others = {
        "cover_image",
        "url",
        "urls",
        "files",
        "primary_file_id",
        "organized",
        "rating",
        "groups",
        "movies",
    }

    assert IGNORED_KEYS & (selected | inputs | others) == set()


def test_nothing_that_a_scene_is_asked_for_is_silent_but_its_id() -> None:
    assert IGNORED_KEYS & set(scene_words(SCENE)) <= {"id"}


def scene_words(selection: str) -> list[str]:
    """The fields that a selection asks of the scene itself, not of what belongs to it."""
    words, depth = [], 0
    for word in selection.replace("{", " { ").replace("}", " } ").split():
        depth += {"{": 1, "}": -1}.get(word, 0)
        if depth == 0 and word != "}":
            words.append(word)
    return words


@pytest.mark.parametrize("hook", [None, [], "x", 5, True])
def test_a_context_that_is_no_object_is_bad(hook: object) -> None:
    with pytest.raises(InvalidHookContext, match="missing"):
        job_from_context(hook, NOW)


@pytest.mark.parametrize(
    "trigger",
    [
        None,
        "",
        "Scene.Merge.Post",
        "Tag.Create.Post",
        "Movie.Update.Post",
        5,
        [],
        {},
        "scene.update.post",
    ],
)
def test_an_event_that_plexsync_does_not_listen_to_is_bad(trigger: object) -> None:
    with pytest.raises(InvalidHookContext, match="unknown event"):
        job_from_context({**context(), "type": trigger}, NOW)


@pytest.mark.parametrize("scene_id", [None, True, False, 0, -1, 4.0, "42", [], {}])
def test_an_event_without_a_scene_is_bad(scene_id: object) -> None:
    with pytest.raises(InvalidHookContext, match="names no scene"):
        job_from_context({**context(), "id": scene_id}, NOW)


@pytest.mark.parametrize("changed", [{"type": "x" * 10_000_000}, {"id": ["x"] * 100_000}])
def test_the_message_about_a_bad_event_is_short(changed: dict[str, object]) -> None:
    with pytest.raises(InvalidHookContext) as caught:
        job_from_context({**context(), **changed}, NOW)

    assert len(str(caught.value)) < 200


# -- the run --------------------------------------------------------------------------------------


def test_with_no_worker_the_change_is_noted_and_a_worker_started(harness: HookHarness) -> None:
    harness.make_database()
    starter = FakeWorkerStart()

    answer = harness.run(context(), starter)

    assert answer == {"output": "ok"}
    assert starter.causes == ["update"]
    assert harness.subjects() == ["scene:42"]
    assert query(harness.data_dir, "SELECT host, port, cookie FROM session") == [
        ("0.0.0.0", 9999, "c00kie")
    ]


def test_a_silent_update_touches_nothing(tmp_path: Path) -> None:
    harness = HookHarness(tmp_path / "data")
    starter = FakeWorkerStart()

    answer = harness.run(context(inputFields=["play_count"]), starter)

    assert answer == {"output": "ok"}
    assert starter.causes == []
    assert not harness.data_dir.exists()


def test_bad_input_is_an_answer_and_touches_nothing(tmp_path: Path) -> None:
    harness = HookHarness(tmp_path / "data")

    answer = harness.run({"type": "Scene.Update.Post"}, FakeWorkerStart())

    assert answer == {
        "error": "PlexSync noted nothing: Scene.Update.Post names no scene (id None)."
    }
    assert not harness.data_dir.exists()


def test_a_worker_that_ended_before_the_commit_is_restarted(harness: HookHarness) -> None:
    harness.make_database()
    starter = FakeWorkerStart(ended=0)

    harness.run(context(), starter)

    assert starter.causes == ["update", "update"]


def test_a_worker_stopping_during_the_commit_is_replaced(harness: HookHarness) -> None:
    harness.make_database()
    lease = held_lease(harness.data_dir)
    starter = FakeWorkerStart()

    def leave_before_the_commit(name: str) -> None:
        if name == "hook.started":
            lease.release()

    answer = harness.run(context(), starter, leave_before_the_commit)

    assert answer == {"output": "ok"}
    assert starter.causes == ["update"]


def test_a_living_worker_is_left_alone(harness: HookHarness) -> None:
    harness.make_database()
    lease = held_lease(harness.data_dir)
    starter = FakeWorkerStart()

    harness.run(context(), starter)
    lease.release()

    assert starter.causes == []
    assert harness.subjects() == ["scene:42"]


def test_a_failed_worker_start_is_reported_and_the_change_kept(harness: HookHarness) -> None:
    harness.make_database()

    def refuse() -> None:
        raise OSError("no more processes")

    answer = harness.run(context(), FakeWorkerStart(on_start=refuse))

    assert answer == {"output": "ok"}
    assert harness.subjects() == ["scene:42"]
    assert [line[:3] for line in harness.errors] == [b"\x01e\x02"]
    assert b"no more processes" in harness.errors[0]


def test_without_a_database_the_change_is_spilled(harness: HookHarness) -> None:
    answer = harness.run(context(), FakeWorkerStart())

    assert answer == {"output": "ok"}
    assert [each["note"]["subject"] for each in harness.spilled()] == ["scene:42"]
    assert harness.spilled()[0]["session"]["cookie"] == "c00kie"
    assert not (harness.data_dir / DATABASE).exists()


def test_a_damaged_database_makes_the_hook_spill(
    harness: HookHarness,
) -> None:
    (harness.data_dir / DATABASE).write_bytes(b"rubbish" * 1000)

    answer = harness.run(context(), FakeWorkerStart())

    assert answer == {"output": "ok"}
    assert len(harness.spilled()) == 1
    assert (harness.data_dir / DATABASE).read_bytes() == b"rubbish" * 1000


def test_a_change_that_can_be_stored_nowhere_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file", encoding="utf-8")
    harness = HookHarness(tmp_path / "data")

    answer = harness.run(context(), FakeWorkerStart())

    assert list(answer) == ["error"]
    assert "could not note the change of scene:42" in str(answer["error"])


def test_the_hook_prints_pending_notices_once(harness: HookHarness) -> None:
    opened = open_database(harness.data_dir)
    store = JobStore(opened.queue.connection, FakeClock())
    Notices(store).add("PlexAccessError", "warning", "Check the token.", NOW)

    harness.run(context(), FakeWorkerStart())
    harness.run(context(), FakeWorkerStart())

    assert harness.errors == [b"\x01w\x02Check the token.\n"]


def test_a_notice_of_an_unknown_level_is_not_printed(harness: HookHarness) -> None:
    opened = open_database(harness.data_dir)
    store = JobStore(opened.queue.connection, FakeClock())
    Notices(store).add("PlexAccessError", "shout", "Check the token.", NOW)

    answer = harness.run(context(), FakeWorkerStart())

    assert (answer, harness.errors) == ({"output": "ok"}, [])
    assert harness.subjects() == ["scene:42"]


def test_the_hook_prints_a_pending_message_without_a_database(harness: HookHarness) -> None:
    write_pending_message(str(harness.data_dir), "error", "Install pip first.")

    harness.run(context(), FakeWorkerStart())
    harness.run(context(), FakeWorkerStart())

    assert harness.errors == [b"\x01e\x02Install pip first.\n"]


def test_the_hook_prints_a_pending_message_beside_a_database(
    harness: HookHarness,
) -> None:
    harness.make_database()
    write_pending_message(str(harness.data_dir), "error", "Install pip first.")

    harness.run(context(), FakeWorkerStart())

    assert harness.errors == [b"\x01e\x02Install pip first.\n"]


def test_a_message_of_an_unknown_level_is_not_printed(harness: HookHarness) -> None:
    write_pending_message(str(harness.data_dir), "shout", "Install pip first.")

    answer = harness.run(context(), FakeWorkerStart())

    assert (answer, harness.errors) == ({"output": "ok"}, [])


@pytest.mark.parametrize("arguments", [None, [], "x", {}, {"hookContext": None}])
def test_arguments_without_a_context_are_an_answer(harness: HookHarness, arguments: object) -> None:
    starter = FakeWorkerStart()

    answer = run_hook(
        {"args": arguments}, str(harness.data_dir), NOW, starter, harness.errors.append
    )

    assert answer == {"error": "PlexSync noted nothing: the hook context is missing."}
    assert starter.causes == []


def test_a_database_that_fails_in_the_middle_leaves_a_spill_file(harness: HookHarness) -> None:
    harness.make_database()
    connection = sqlite3.connect(harness.data_dir / DATABASE)
    connection.execute("DROP TABLE session")
    connection.close()

    answer = harness.run(context(), FakeWorkerStart())

    assert answer == {"output": "ok"}
    assert len(harness.spilled()) == 1
    assert harness.subjects() == []


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_every_trigger_is_noted(harness: HookHarness, trigger: str) -> None:
    harness.make_database()

    harness.run(context(trigger), FakeWorkerStart())

    assert harness.subjects() == [f"{trigger.partition('.')[0].lower()}:42"]


# -- what scenes show of others -------------------------------------------------------------------


@pytest.mark.parametrize("trigger", ENTITY_TRIGGERS)
def test_an_entity_event_is_one_job_that_settles_like_an_edit(trigger: str) -> None:
    kind, event, _ = trigger.lower().split(".")

    note = job_from_context(context(trigger, input=None), NOW)

    assert note is not None
    assert (note["subject"], note["cause"], note["priority"]) == (f"{kind}:42", event, 0)
    assert (note["due_at"], note["window"]) == (NOW + 1.0, 4.0)


@pytest.mark.parametrize(
    "keys", [[key] for key in sorted(IGNORED_ENTITY_KEYS)] + [sorted(IGNORED_ENTITY_KEYS)]
)
def test_an_update_of_what_no_scene_shows_is_not_noted(keys: list[str]) -> None:
    assert job_from_context(context("Performer.Update.Post", inputFields=keys), NOW) is None


@pytest.mark.parametrize(
    "keys", [None, [], ["name"], ["id", "parent_id"], ["id", "title"], ["favorite", 5], "favorite"]
)
def test_when_in_doubt_an_update_of_an_entity_is_noted(keys: object) -> None:
    assert job_from_context(context("Studio.Update.Post", inputFields=keys), NOW) is not None


@pytest.mark.parametrize("key", ["synopsis", "front_image", "sub_groups", "containing_groups"])
def test_what_a_collection_shows_of_a_group_is_noted(key: str) -> None:
    assert job_from_context(context("Group.Update.Post", inputFields=["id", key]), NOW) is not None


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("Performer", ["id", "tag_ids"]),
        ("Tag", ["id", "parent_ids"]),
        ("Tag", ["id", "child_ids"]),
        ("Studio", ["id", "parent_id"]),
    ],
)
def test_a_place_in_a_tree_is_noted(kind: str, keys: list[str]) -> None:
    assert job_from_context(context(f"{kind}.Update.Post", inputFields=keys), NOW) is not None


@pytest.mark.parametrize("trigger", ["Tag.Destroy.Post", "Tag.Merge.Post"])
def test_the_end_of_an_entity_is_never_silent(trigger: str) -> None:
    assert job_from_context(context(trigger, inputFields=["favorite"]), NOW) is not None


@pytest.mark.parametrize("trigger", ENTITY_TRIGGERS)
@pytest.mark.parametrize("number", [None, True, 0, -1, "7", [7]])
def test_an_event_without_an_entity_is_bad(trigger: str, number: object) -> None:
    with pytest.raises(InvalidHookContext, match=f"names no {trigger.partition('.')[0].lower()}"):
        job_from_context({**context(trigger), "id": number}, NOW)


def merge(sources: object) -> dict[str, Any]:
    given = {"source": sources, "destination": "42"}
    return {"id": 42, "type": "Tag.Merge.Post", "input": given}


def test_a_merge_is_a_note_for_the_target_and_for_each_source(harness: HookHarness) -> None:
    harness.make_database()

    answer = harness.run(merge(["3", "4", "3"]), FakeWorkerStart())

    assert answer == {"output": "ok"}
    assert harness.subjects() == ["tag:42", "tag:3", "tag:4"]


def test_a_merge_that_cannot_be_enqueued_is_spilled_whole(harness: HookHarness) -> None:
    harness.run(merge(["3", "4"]), FakeWorkerStart())

    spilled = harness.spilled()
    assert [each["note"]["subject"] for each in spilled] == ["tag:42", "tag:3", "tag:4"]
    assert [each["session"] is None for each in spilled] == [False, True, True]


@pytest.mark.parametrize(
    "sources",
    [
        None,
        "3",
        {},
        5,
        [],
        [None, 3, True, [], {}],
        ["", "-1", "x", " 3", "\u0663", "1.5", "9" * 400],
    ],
)
def test_invalid_sources_leave_the_target(harness: HookHarness, sources: object) -> None:
    harness.make_database()

    answer = harness.run(merge(sources), FakeWorkerStart())

    assert answer == {"output": "ok"}
    assert harness.subjects() == ["tag:42"]


@pytest.mark.parametrize("given", [None, [], "x", 5, {}, {"source": ["3"]}])
def test_only_a_merge_has_sources(given: object) -> None:
    assert merge_source_jobs({"id": 7, "type": "Tag.Update.Post", "input": given}, NOW) == []
    assert merge_source_jobs(given, NOW) == []


def test_the_manifest_listens_to_what_the_hook_understands() -> None:
    manifest = (ROOT / "PlexSync.yml").read_text("utf-8")

    listened = [line.strip(' -"') for line in manifest.splitlines() if line.endswith('.Post"')]

    assert listened == list(TRIGGERS)
