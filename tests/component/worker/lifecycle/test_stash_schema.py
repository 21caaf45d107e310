"""Stash's schema differs: jobs wait for what they need, and do without the rest."""

import pytest

from core.version import VERSION
from tests.emulators.sample_plugins import write_plugin
from tests.harness.in_process import FULL, InProcessHarness
from worker.reporting.stash_report import LEFT_OUT, SCHEMA

NEEDED = [
    ("Scene", "files", ""),
    ("Scene", "files", "other"),
    ("Scene", "updated_at", ""),
    ("VideoFile", "path", "other"),
    ("Fingerprint", "value", ""),
    ("Query", "findScene", "other"),
]


def make_operations_work(worker: InProcessHarness) -> None:
    """Install what writes the worker's notices into Stash's log."""
    write_plugin(worker.stash, 'log("w", ARGS["text"])', "PlexSync", interface="raw")


@pytest.mark.parametrize(("type_name", "field", "renamed_to"), NEEDED)
def test_jobs_wait_for_a_stash_that_knows_the_query(
    worker: InProcessHarness, type_name: str, field: str, renamed_to: str
) -> None:
    make_operations_work(worker)
    worker.stash.core.version = "v0.99.0"
    scenes = [worker.titled_scene(name, title=f"New {name}") for name in ("a", "b")]
    worker.stash.schema.without_field(type_name, field, renamed_to=renamed_to)
    worker.enqueue(*scenes)

    worker.work_for(1_800.0, step=30.0)
    waiting = worker.jobs()
    logged = worker.stash_log("v0.99.0")
    worker.stash.schema.restore_schema()
    worker.work_until(lambda: not worker.jobs(), limit=120.0)

    assert [(subject, attempts) for subject, attempts, _ in waiting] == [
        (f"scene:{scene}", 0) for scene in scenes
    ]
    assert len(logged) == 1
    assert field in logged[0] and VERSION in logged[0]
    assert [worker.titled_item(name).title for name in ("a", "b")] == ["New a", "New b"]
    assert worker.dead_letters() == []


@pytest.mark.parametrize(
    ("type_name", "field", "kept"),
    [
        ("Scene", "rating100", "user_rating"),
        ("Scene", "tags", "genres"),
        ("Scene", "details", "summary"),
        ("Scene", "date", "date"),
        ("Scene", "performers", "roles"),
        ("Scene", "studio", "studio"),
        ("Studio", "parent_studio", "studio"),
        ("Performer", "name", "roles"),
    ],
)
def test_what_the_schema_lacks_stays_as_plex_shows_it(
    worker: InProcessHarness, type_name: str, field: str, kept: str
) -> None:
    make_operations_work(worker)
    worker.configure(c_sync_rating=True)
    scene = worker.titled_scene("a", **FULL)
    worker.sync(scene)
    before = getattr(worker.titled_item("a"), kept)
    worker.stash.schema.without_field(type_name, field)
    worker.stash.library.change_scene(scene, touch=True, title="New", code="c")
    worker.stash.reset_counts()

    worker.sync(scene)
    worker.work_for(60.0)

    assert worker.titled_item("a").title == "New"
    assert getattr(worker.titled_item("a"), kept) == before
    assert before
    assert LEFT_OUT in worker.notices()
    assert worker.stash.count("graphql", "__type") <= 3


def test_the_schema_is_read_once_per_version(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", **FULL)
    worker.stash.schema.without_field("Scene", "rating100")
    worker.sync(scene)
    worker.stash.reset_counts()

    worker.sync(scene)
    again = worker.stash.count("graphql")
    worker.stash.schema.restore_schema()
    worker.stash.core.version = "v0.31.0"
    worker.work_for(700.0, step=10.0)
    worker.configure(c_sync_rating=True)
    worker.sync(scene)

    assert again <= 2
    assert worker.titled_item("a").user_rating == 8.0


def test_excluded_tags_that_cannot_be_read_leave_scenes_alone(worker: InProcessHarness) -> None:
    worker.configure(b_excluded_tags="private")
    worker.stash.schema.without_field("Scene", "tags")
    scene = worker.titled_scene("a", title="Hidden")

    worker.sync(scene)

    assert worker.titled_item("a").title == "a"
    assert worker.plex.writes() == []


@pytest.mark.parametrize(
    ("type_name", "field", "subject"),
    [
        ("Query", "findTag", "tag:1"),
        ("SceneFilterType", "performers", "performer:1"),
        ("Studio", "updated_at", "studio:1"),
    ],
)
def test_entities_wait_for_a_stash_that_knows_the_query(
    worker: InProcessHarness, type_name: str, field: str, subject: str
) -> None:
    scene = worker.titled_scene("a", **FULL)
    worker.sync(scene)
    kind = subject.partition(":")[0]
    table = getattr(worker.stash.library, f"{kind}s")
    worker.stash.library.change_named(table, 1, name="Renamed")
    worker.stash.schema.without_field(type_name, field)
    worker.store.enqueue(subject, "update")

    worker.work_for(3_600.0, step=60.0)
    worker.stash.library.change_scene(scene, touch=True, title="New")
    worker.sync(scene)
    waiting, title = worker.jobs(), worker.titled_item("a").title
    worker.stash.schema.restore_schema()
    worker.work_until(lambda: not worker.jobs(), limit=900.0)

    assert [(name, attempts) for name, attempts, _ in waiting] == [(subject, 0)]
    assert title == "New"
    assert SCHEMA in worker.notices()
    assert worker.jobs() == []
    assert worker.dead_letters() == []
