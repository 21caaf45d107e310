"""One entity, its scenes: the decision, and what a scene counts as showing."""

from typing import Any

import pytest

from core.entity import KINDS, Entity, is_shown
from core.outcome import Disposition
from tests.emulators.stash_faults import Fault
from tests.unit.worker.rig import Rig
from validation.metadata import SyncMetadata, parse_scene
from worker.discovery.deletions import PAGE, REFUSED_S, DeletionSweep
from worker.discovery.fan_out import AffectedScenes, affected_scenes, entities_of

OLD, NEW = Entity("tag:7", "train"), Entity("tag:7", "railway")
HOOK = frozenset({"update"})
FOUND = frozenset({"catch_up"})


@pytest.mark.parametrize(
    ("known", "now", "causes", "reach"),
    [
        (OLD, NEW, HOOK, AffectedScenes.CURRENT),
        (OLD, NEW, FOUND, AffectedScenes.CURRENT),
        (OLD, OLD, HOOK, AffectedScenes.NONE),
        (OLD, OLD, FOUND, AffectedScenes.NONE),
        (OLD, None, HOOK, AffectedScenes.INDEXED),
        (OLD, None, frozenset({"merge"}), AffectedScenes.INDEXED),
        (None, None, frozenset({"destroy"}), AffectedScenes.INDEXED),
        (None, NEW, HOOK, AffectedScenes.CURRENT),
        (None, NEW, FOUND, AffectedScenes.NONE),
        (None, NEW, frozenset({"seen", "catch_up"}), AffectedScenes.NONE),
        (None, NEW, frozenset({"catch_up", "update"}), AffectedScenes.CURRENT),
    ],
)
def test_affected_scenes_follow_from_old_and_new_names(
    known: Entity | None, now: Entity | None, causes: frozenset[str], reach: AffectedScenes
) -> None:
    assert affected_scenes(known, now, causes) is reach


def scene(**changed: Any) -> SyncMetadata:
    return parse_scene({"id": "1", "updated_at": "2024-01-01T00:00:00Z", "files": [], **changed})


def test_a_scene_shows_performers_tags_studio_and_its_parent() -> None:
    shown = scene(
        performers=[{"id": "3", "name": " Mia "}, {"id": "4", "name": ""}],
        tags=[{"id": "7", "name": "train"}],
        studio={"id": "5", "name": "House", "parent_studio": {"id": "9", "name": "Network"}},
    )

    assert entities_of(shown, 5.0) == (
        Entity("performer:3", "Mia", read_at=5.0),
        Entity("tag:7", "train", read_at=5.0),
        Entity("studio:5", "House", "9", read_at=5.0),
        Entity("studio:9", "Network", None, read_at=5.0),
    )


def test_a_bare_scene_shows_nobody() -> None:
    assert entities_of(scene(), 5.0) == ()


def test_what_no_field_shows_is_known_from_the_table_of_fields() -> None:
    assert {kind for kind in KINDS if is_shown(kind)} == {"performer", "studio", "tag"}


# -- between both servers -------------------------------------------------------------------------


def test_a_batch_of_entities_is_one_question_to_stash(rig: Rig) -> None:
    rig.sync(rig.scene("a", tags=["one", "two"], performers=["Mia"], studio="House"))
    rig.ctx()
    rig.stash.reset_counts()

    for subject in ("tag:1", "tag:2", "performer:1", "studio:1"):
        rig.worker.components.store.enqueue(subject, "update")
    report = rig.drain()

    assert report.done == 4
    assert rig.stash.count("graphql", "findTag") == 1


def test_one_broken_entity_does_not_stop_the_others(rig: Rig) -> None:
    rig.sync(rig.scene("a", tags=["one"]))
    store = rig.worker.components.store

    store.enqueue("tag:x", "update")
    store.enqueue("tag:1", "destroy")
    report = rig.drain()

    assert (report.done, report.waiting) == (1, 1)
    assert rig.worker.components.store.is_queued("tag:x")


def test_jobs_of_both_kinds_share_a_batch(rig: Rig) -> None:
    scene_id = rig.scene("a", tags=["one"])
    rig.ctx()

    rig.worker.components.store.enqueue("tag:1", "update")
    rig.note(scene_id)
    done = rig.drain_all()

    assert done >= 2
    assert rig.item_of("a").genres == ["one"]


def test_a_finished_entity_is_no_finished_scene(rig: Rig) -> None:
    rig.sync(rig.scene("a", tags=["one"]))
    rig.lines.clear()

    rig.worker.components.store.enqueue("tag:1", "update")
    rig.drain()

    assert any(
        line.startswith("fan_out.done entity=tag:1 cause=update what=same queued=0")
        for line in rig.lines
    )
    assert not any(line.startswith(f"sync.{Disposition.COMPLETE.value}") for line in rig.lines)


# -- what is gone without a hook ------------------------------------------------------------------


def departures(rig: Rig) -> DeletionSweep:
    tasks = rig.worker.components.background_tasks
    return next(task for task in tasks if isinstance(task, DeletionSweep))


def walk(rig: Rig) -> int:
    """Every step of the duty; how many."""
    steps, duty = 0, departures(rig)
    while duty.is_due():
        duty.step(rig.ctx())
        steps += 1
    return steps


def test_where_nothing_is_remembered_nobody_is_asked(rig: Rig) -> None:
    rig.scene("a")
    rig.ctx()
    rig.stash.reset_counts()

    walk(rig)

    assert rig.stash.count("graphql", "findScenes") == 0
    assert rig.stash.count("graphql", "findTags") == 0


def test_a_walk_is_once_a_day(rig: Rig) -> None:
    rig.sync(rig.scene("a"))

    steps = [walk(rig), walk(rig)]
    rig.clock.advance(86_400.0)

    assert steps == [1 + len(KINDS), 0]
    assert walk(rig) == steps[0]


def test_a_stash_that_refuses_ends_the_walk_until_tomorrow(rig: Rig) -> None:
    rig.sync(rig.scene("a", tags=["one"]))
    rig.stash.faults.plan(
        Fault("graphql", "findScenes", times=1, graphql_error="Internal system error. Error <x>")
    )

    steps = [walk(rig), walk(rig)]
    rig.clock.advance(86_400.0)

    assert steps == [1, 0]
    assert walk(rig) == 1 + len(KINDS)


def test_while_nothing_may_be_written_the_walk_waits(rig: Rig) -> None:
    duty = departures(rig)

    asked = [duty.is_due(), duty.is_due()]
    rig.clock.advance(REFUSED_S)

    assert asked == [True, False]
    assert duty.is_due()


@pytest.mark.parametrize("gone", [1, 2, PAGE, PAGE + 1, PAGE + 5])
def test_a_walk_finds_what_is_gone_on_any_page(rig: Rig, gone: int) -> None:
    for number in range(PAGE + 5):
        rig.stash.library.add_scene(f"/data/{number}.mp4")
    rig.worker.components.store.connection.executemany(
        "INSERT INTO scene_entities (scene_id, entities) VALUES (?, ' tag:1 ')",
        [(number,) for number in range(1, PAGE + 6)],
    )
    rig.stash.library.drop_scene(gone)

    walk(rig)

    assert rig.counts[0] == 1
    assert rig.worker.components.store.is_queued(f"scene:{gone}")
