"""What a scene query leaves out where Stash's schema lacks a field."""

import pytest

from stash import queries
from stash.selection import (
    SCENE_TYPE,
    SceneSelection,
    Types,
    missing_types,
    parse_selection,
    reduce_selection,
)

OBJECTS = {
    "Scene": {"studio": "Studio", "tags": "Tag", "performers": "Performer", "files": "VideoFile"},
    "Studio": {"parent_studio": "Studio"},
    "VideoFile": {"fingerprints": "Fingerprint"},
}
FIELDS = {
    "Scene": "id organized created_at updated_at files title studio details director code date "
    "performers tags rating100",
    "Studio": "id name parent_studio",
    "Performer": "id name",
    "Tag": "id name",
    "VideoFile": "path size fingerprints",
    "Fingerprint": "type value",
}


def schema(*, without: str = "") -> Types:
    """Return the types that a scene query selects, without one `Type.field`."""
    return {
        type_name: {
            name: OBJECTS.get(type_name, {}).get(name, "String")
            for name in names.split()
            if f"{type_name}.{name}" != without
        }
        for type_name, names in FIELDS.items()
    }


def test_a_schema_with_everything_leaves_nothing_out() -> None:
    selection, missing = reduce_selection(queries.SCENE, schema(), "v1")

    assert (selection.left_out, missing) == ((), ())
    assert parse_selection(selection.text) == parse_selection(queries.SCENE)


@pytest.mark.parametrize(
    ("without", "left_out"),
    [
        ("Scene.rating100", "rating100"),
        ("Scene.code", "code"),
        ("Scene.tags", "tags"),
        ("Tag.name", "tags"),
        ("Studio.parent_studio", "studio"),
    ],
)
def test_only_what_the_schema_lacks_is_left_out(without: str, left_out: str) -> None:
    selection, missing = reduce_selection(queries.SCENE, schema(without=without), "v1")

    assert (selection.left_out, missing) == ((left_out,), ())
    assert set(parse_selection(queries.SCENE)) - set(parse_selection(selection.text)) == {left_out}


@pytest.mark.parametrize(
    "without", ["Scene.id", "Scene.files", "Scene.updated_at", "VideoFile.path", "Fingerprint.type"]
)
def test_what_every_sync_needs_is_named(without: str) -> None:
    _, missing = reduce_selection(queries.SCENE, schema(without=without), "v1")

    assert missing == (without,)


def test_types_are_read_one_level_at_a_time() -> None:
    types, levels = schema(), []
    known: dict[str, dict[str, str]] = {}
    while names := sorted(set(missing_types(parse_selection(queries.SCENE), SCENE_TYPE, known))):
        levels.append(names)
        known |= {name: dict(types[name]) for name in names}

    assert levels == [["Scene"], ["Performer", "Studio", "Tag", "VideoFile"], ["Fingerprint"]]


def test_nothing_is_left_out_before_a_query_was_refused() -> None:
    assert SceneSelection() == SceneSelection(queries.SCENE, (), None)
