"""Test each kind of field: from Plex's XML to a value, from a change to an edit's arguments."""

from urllib.parse import unquote
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.field_values import FieldValue, is_empty
from core.fields import BY_NAME, EDIT_FIELDS, Field
from plex.field_codecs import edit_arguments, read, removal_argument
from plex.plan import Change

VIDEO = fromstring(
    '<Video ratingKey="101" title="A Quiet Evening" studio="Blue Door" summary="" userRating="7.5"'
    ' originallyAvailableAt="2023-05-06 00:00:00">'
    '<Genre id="1" tag="Drama"/><Genre tag="Talk"/><Genre tag=""/><Role tag="Ann Example" role="Host"/></Video>'
)
BARE = fromstring('<Video ratingKey="101"/>')


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("title", "A Quiet Evening"),
        ("studio", "Blue Door"),
        ("summary", ""),
        ("tagline", ""),
        ("date", "2023-05-06"),
        ("performers", ("Ann Example",)),
        ("tags", ("Drama", "Talk")),
        ("collection", ()),
        ("rating", 7.5),
    ],
)
def test_a_value_is_read_from_a_full_item(name: str, value: FieldValue) -> None:
    assert read(BY_NAME[name], VIDEO) == value


@pytest.mark.parametrize("field", EDIT_FIELDS, ids=lambda field: field.name)
def test_what_an_item_does_not_have_is_read_as_empty(field: Field) -> None:
    assert is_empty(read(field, BARE))


@pytest.mark.parametrize("text", ["", "0", "0.0", "many"])
def test_a_rating_that_says_nothing_is_none(text: str) -> None:
    video = fromstring(f'<Video userRating="{text}"/>')

    assert read(BY_NAME["rating"], video) is None


@pytest.mark.parametrize(
    ("name", "value", "remove", "lock", "arguments"),
    [
        ("title", "Été", (), True, {"title.value": "Été", "title.locked": "1"}),
        ("summary", "", (), True, {"summary.value": "", "summary.locked": "1"}),
        ("studio", None, (), False, {"studio.value": "", "studio.locked": "0"}),
        ("date", "2023-05-06", (), True, {"originallyAvailableAt.value": "2023-05-06"}),
        (
            "date",
            "",
            (),
            True,
            {"originallyAvailableAt.value": "", "originallyAvailableAt.locked": "1"},
        ),
        ("rating", 8.0, (), False, {"userRating.value": "8.0", "userRating.locked": "0"}),
        ("rating", None, (), False, {"userRating.value": "", "userRating.locked": "0"}),
        ("rating", 0.0, (), False, {"userRating.value": ""}),
        (
            "tags",
            ("B", "A"),
            (),
            True,
            {"genre[0].tag.tag": "B", "genre[1].tag.tag": "A", "genre.locked": "1"},
        ),
        (
            "performers",
            (),
            ("A,B", "C+D"),
            True,
            {"actor[].tag.tag-": "A%2CB,C%2BD", "actor.locked": "1"},
        ),
    ],
)
def test_a_change_becomes_arguments(
    name: str, value: FieldValue, remove: tuple[str, ...], lock: bool, arguments: dict[str, str]
) -> None:
    made = edit_arguments(Change(BY_NAME[name], value, remove, lock))

    assert made.items() >= arguments.items()


def test_an_empty_list_of_names_is_never_clear_everything() -> None:
    made = edit_arguments(Change(BY_NAME["tags"], (), ("Talk",)))

    assert made == {"genre[].tag.tag-": "Talk", "genre.locked": "1"}


NAMES = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1, max_size=5
)


@given(NAMES)
def test_removed_names_survive_the_split_at_commas(names: list[str]) -> None:
    sent = removal_argument(tuple(names))

    assert [unquote(name) for name in sent.split(",")] == names
