"""One entity, its scenes: the decision, and what a scene counts as showing."""

from typing import Any

import pytest

from core.entity import KINDS, Entity, is_shown, join_details
from stash.queries import SCENE
from stash.scene_needs import widest_selection
from validation.metadata import SyncMetadata, parse_scene
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
        studio={"id": "5", "name": "Studio", "parent_studio": {"id": "9", "name": "Network"}},
    )

    assert entities_of(shown, 5.0) == (
        Entity("performer:3", "Mia", read_at=5.0),
        Entity("tag:7", "train", read_at=5.0),
        Entity("studio:5", "Studio", "9", read_at=5.0),
        Entity("studio:9", "Network", None, read_at=5.0),
    )


def test_details_that_were_read_belong_to_their_entity() -> None:
    shown = scene(
        performers=[
            {"id": "3", "name": "Mia", "gender": "FEMALE", "disambiguation": None},
            {"id": "4", "name": "Tom"},
        ]
    )

    mia, tom = entities_of(shown, 5.0)

    assert (mia.details, tom.details) == (
        join_details({"gender": "FEMALE", "disambiguation": ""}),
        "",
    )


def test_a_bare_scene_shows_no_entity() -> None:
    assert entities_of(scene(), 5.0) == ()


def test_what_no_field_shows_is_known_from_the_table_of_fields() -> None:
    assert {kind for kind in KINDS if is_shown(kind, SCENE)} == {"performer", "studio", "tag"}
    assert all(is_shown(kind, widest_selection()) for kind in KINDS)


# -- between both servers -------------------------------------------------------------------------


# -- what is gone without a hook ------------------------------------------------------------------


def test_a_scene_shows_its_groups_and_what_contains_them() -> None:
    series = {"id": "2", "name": "Series", "containing_groups": []}
    part = {"id": "1", "name": "Part", "containing_groups": [{"group": series}]}

    assert entities_of(scene(groups=[{"group": part}]), 5.0) == (
        Entity("group:1", "Part", "2", read_at=5.0),
        Entity("group:2", "Series", "", read_at=5.0),
    )
