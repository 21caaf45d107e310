"""Reading a scene from Stash's answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.tree import Node, SceneTag
from validation.metadata import SceneFile, SyncMetadata, parse_scene
from validation.performers import Performer

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)

FULL: dict[str, object] = {
    "id": "42",
    "title": " A title ",
    "details": "Some\r\ndetails",
    "director": "Dora",
    "code": "C-1",
    "date": "2024-05",
    "rating100": 85,
    "organized": True,
    "created_at": "2024-01-01T00:00:00Z",
    "updated_at": "2024-06-01T12:00:00+02:00",
    "studio": {"id": "7", "name": "Studio", "parent_studio": {"id": "6", "name": "Parent"}},
    "performers": [{"id": "2", "name": "zoe"}, {"id": "1", "name": "Anna"}],
    "tags": [{"id": "9", "name": "z"}, {"id": "8", "name": "a"}],
    "files": [
        {"path": "/data/a.mp4", "size": 10, "fingerprints": [{"type": "oshash", "value": "abc"}]},
        {"path": "/data/b.mp4", "size": "20", "fingerprints": []},
    ],
}


def test_a_full_scene_is_read_completely() -> None:
    scene = parse_scene(FULL)

    assert scene == SyncMetadata(
        scene_id=42,
        title="A title",
        details="Some\r\ndetails",
        director="Dora",
        code="C-1",
        studio="Studio",
        studio_id=7,
        parent_studio="Parent",
        parent_studio_id=6,
        date="2024-05-01",
        rating=8.5,
        cast=(Performer(1, "Anna"), Performer(2, "zoe")),
        tags=("z", "a"),
        tag_ids=(9, 8),
        above_studio=(Node(6, "Parent"),),
        own_tags=(SceneTag(Node(9, "z")), SceneTag(Node(8, "a"))),
        organized=True,
        created_at="2024-01-01T00:00:00Z",
        updated_at="2024-06-01T12:00:00+02:00",
        files=(
            SceneFile(path="/data/a.mp4", size=10, oshash="abc"),
            SceneFile(path="/data/b.mp4", size=20, oshash=""),
        ),
    )


def test_null_empty_and_missing_mean_the_same() -> None:
    missing = parse_scene({"id": 1})
    nulls = parse_scene({**dict.fromkeys(FULL), "id": 1})
    empties = parse_scene(
        {
            "id": 1,
            "title": "",
            "details": " ",
            "director": "",
            "code": "",
            "date": "",
            "rating100": 0,
        }
        | {"performers": [], "tags": [], "files": [], "created_at": "", "updated_at": ""}
    )

    assert missing == nulls == empties
    assert (missing.studio, missing.studio_id, missing.groups, missing.rating) == (
        "",
        None,
        (),
        None,
    )


def test_the_order_of_performers_does_not_change_a_scene() -> None:
    performers = [{"id": "3", "name": "b"}, {"id": "1", "name": "A"}, {"id": "2", "name": "b"}]

    forwards = parse_scene({"id": 1, "performers": performers})
    backwards = parse_scene({"id": 1, "performers": performers[::-1]})

    assert forwards == backwards
    assert forwards.performer_ids == (1, 2, 3)


@pytest.mark.parametrize("path", [None, "", "  ", 5, "a\0b"])
def test_a_file_without_a_usable_path_is_dropped(path: object) -> None:
    scene = parse_scene({"id": 1, "files": [{"path": path, "size": 1}, {"path": "/x ", "size": 2}]})

    assert [file.path for file in scene.files] == ["/x "]


@pytest.mark.parametrize(
    ("size", "bytes_"),
    [
        (7, 7),
        ("7", 7),
        (7.0, 7),
        (None, 0),
        ("", 0),
        ("many", 0),
        (-1, 0),
        (float("inf"), 0),
        ([], 0),
    ],
)
def test_an_odd_size_is_an_unknown_size(size: object, bytes_: int) -> None:
    scene = parse_scene({"id": 1, "files": [{"path": "/x", "size": size}]})

    assert scene.files[0].size == bytes_


@pytest.mark.parametrize(
    ("rating100", "rating"), [(None, None), (0, None), (1, 0.1), (85, 8.5), (100, 10), (150, 10)]
)
def test_a_rating_is_zero_to_ten_or_none(rating100: object, rating: float | None) -> None:
    assert parse_scene({"id": 1, "rating100": rating100}).rating == rating


@pytest.mark.parametrize(
    "part",
    [
        {"studio": {"id": "1", "name": "S"}},
        {"performers": [{"id": "1", "name": "P"}]},
        {"tags": [{"id": "1", "name": "T"}]},
        {"details": "d"},
        {"date": "2024"},
    ],
)
def test_one_piece_of_knowledge_suffices_as_identity(part: dict[str, object]) -> None:
    assert parse_scene({"id": 1, **part}).has_identity


def test_a_title_a_code_and_an_unusable_date_are_no_identity() -> None:
    scene = parse_scene(
        {"id": 1, "title": "file.mp4", "code": "1", "date": "soon", "files": [{"path": "/x"}]}
    )

    assert not scene.has_identity


@pytest.mark.parametrize(
    "part",
    [
        {"id": None},
        {"id": "x"},
        {"id": True},
        {"title": 5},
        {"studio": "S"},
        {"studio": {"name": "S"}},
        {"performers": "P"},
        {"performers": ["P"]},
        {"tags": [{"name": "T"}]},
        {"rating100": "5"},
        {"files": {}},
    ],
)
def test_a_scene_of_another_shape_is_refused_by_its_name(part: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"^scene .+: "):
        parse_scene({"id": 77, **part})


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(FULL, JSON)))
def test_any_answer_is_a_scene_or_a_value_error(raw: dict[str, object]) -> None:
    try:
        scene = parse_scene(raw)
    except ValueError as error:
        assert str(error).startswith("scene ")
    else:
        assert scene == parse_scene(raw)


def test_a_scene_is_frozen() -> None:
    scene = parse_scene(FULL)

    with pytest.raises(ValidationError):
        scene.title = "other"
