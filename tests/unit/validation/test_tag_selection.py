"""Tags are chosen by names, by patterns, and with everything below them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tree import Node, SceneTag
from validation.limits import MAX_LIBRARIES
from validation.tag_selection import TagSelection, read_tag_selection, tag_key

NAMES = st.text(st.sampled_from("abB é,\"'>/-"), min_size=1, max_size=6).filter(
    lambda name: bool(name.strip()) and not re.search(r">\s*\Z", name)
)


def tag(name: str, *above: str) -> SceneTag:
    return SceneTag(Node(1, name), tuple(Node(n, one) for n, one in enumerate(above, start=2)))


def quoted(name: str) -> str:
    return '"' + name.replace('"', '\\"') + '"'


@pytest.mark.parametrize(
    ("text", "chosen", "others"),
    [
        ("", [], ["", "night"]),
        ("night", ["night", "NIGHT", " night "], ["nights", "night train", ""]),
        ("Cafe\u0301 Noir", ["caf\u00e9  noir"], ["cafe noir"]),
        ("night, day", ["night", "day"], ["night, day"]),
        ('"Red, white"', ["red, white"], ["Red", "white"]),
        ("cam*", ["cam", "Camera", "CAM show"], ["webcam"]),
        ("*cam", ["cam", "WebCam"], ["camera"]),
        ("*a*b*", ["ab", "xaxbx", "A B"], ["ba", "a", "b"]),
        ("a*a", ["aa", "a a"], ["a"]),
        ("*", ["anything", "*"], []),
        ("a.c [x]", ["a.c [x]"], ["abc x"]),
    ],
)
def test_names_and_patterns(text: str, chosen: list[str], others: list[str]) -> None:
    selection = read_tag_selection(text)

    assert [name for name in [*chosen, *others] if selection.has(tag(name))] == chosen
    assert not selection.needs_tree


@pytest.mark.parametrize("text", ["Clothing > *", "CLOTHING >*", "clothing>**", "Cloth* > *"])
def test_a_tag_is_chosen_with_everything_below_it(text: str) -> None:
    selection = read_tag_selection(text)

    assert selection.needs_tree
    assert selection.has(tag("Clothing"))
    assert selection.has(tag("Hat", "clothing"))
    assert selection.has(tag("Red hat", "Hat", "Red", "Clothing"))
    assert not selection.has(tag("Hat", "Things"))


@pytest.mark.parametrize("text", ["Clothing", "Clothing > Hat", "Clothing/*"])
def test_a_name_alone_does_not_choose_what_is_below(text: str) -> None:
    selection = read_tag_selection(text)

    assert not selection.needs_tree
    assert not selection.has(tag("Hat", "Clothing"))


@given(st.lists(NAMES, max_size=4), NAMES)
def test_every_name_can_be_written(names: list[str], other: str) -> None:
    names = [name for name in names if "\\" not in name]
    selection = read_tag_selection(", ".join(map(quoted, names)))

    assert all(selection.has(tag(name)) for name in names)
    assert selection.has(tag(other)) == (tag_key(other) in set(map(tag_key, names)))
    assert bool(selection) is bool(names)


@given(st.lists(st.sampled_from(["a", "b", "*", ".", "+"]), min_size=1, max_size=8), NAMES)
def test_a_pattern_matches_as_an_expression_would(parts: list[str], name: str) -> None:
    pattern = "".join(parts)
    expression = re.escape(pattern).replace(r"\*", ".*")

    selection = read_tag_selection(pattern)

    assert selection.has(tag(name)) == bool(re.fullmatch(expression, tag_key(name)))


@given(st.text(max_size=40))
def test_any_text_is_a_selection_or_one_clear_error(text: str) -> None:
    try:
        selection = read_tag_selection(text)
    except ValueError as error:
        assert "names no tag before '> *'" in str(error)
    else:
        assert isinstance(selection, TagSelection)


@pytest.mark.parametrize("text", ["> *", "night, >*", '" > *"'])
def test_an_entry_without_a_tag_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="names no tag before"):
        read_tag_selection(text)


def test_too_many_entries_are_an_error() -> None:
    with pytest.raises(ValueError, match="more than"):
        read_tag_selection(",".join(f"tag {n}" for n in range(MAX_LIBRARIES + 1)))


def test_a_pattern_with_many_wildcards_ends() -> None:
    """A regular expression would take longer than anyone waits."""
    assert not read_tag_selection("*a" * 100 + "b").has(tag("a" * 250))
