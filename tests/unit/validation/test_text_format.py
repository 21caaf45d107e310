"""The formats in which users write what a text shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.harness.examples import fuzzed
from validation.text_format import MAX_FORMAT_CHARS, Piece, TextFormat, parse_format

NAMES = ("title", "studio", "code")
VALUES = {"title": "Night Train", "studio": "Aurora", "code": ""}

LITERALS = st.text("ab []{}-:", min_size=1, max_size=5)
PLAIN = st.one_of(
    st.builds(Piece, LITERALS), st.builds(lambda name: Piece(name=name), st.sampled_from(NAMES))
)
# A literal before a part must not end with a bracket: of three, the outer one opens the part.
PARTS = st.lists(st.lists(PLAIN, min_size=1, max_size=4), max_size=4)


def doubled(text: str) -> str:
    for sign in "[]{}":
        text = text.replace(sign, sign * 2)
    return text


def written(pieces: list[Piece]) -> str:
    return "".join(f"{{{piece.name}}}" if piece.name else doubled(piece.text) for piece in pieces)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{title}", "Night Train"),
        ("{ Title }", "Night Train"),
        ("{studio}: {title}", "Aurora: Night Train"),
        ("[{code}: ]{title}", "Night Train"),
        ("[{studio}: ]{title}", "Aurora: Night Train"),
        ("{title}[ ({code})][ by {studio}]", "Night Train by Aurora"),
        ("{title}[ {studio} {code}]", "Night Train"),
        ("{title} {code} {studio}", "Night Train Aurora"),
        ("{code} {title}", "Night Train"),
        ("{title} [{code}] {studio}", "Night Train Aurora"),
        ("[[{studio}]] {title}", "[Aurora] Night Train"),
        ("[[[{studio}]]] {title}", "[Aurora] Night Train"),
        ("[[[{code}]]] {title}", "Night Train"),
        ("{{{title}}}", "{Night Train}"),
        ("{{title}} {title}", "{title} Night Train"),
        ("[{studio}][{title}]", "AuroraNight Train"),
    ],
)
def test_a_format_shows_its_names_and_literals(text: str, shown: str) -> None:
    assert parse_format(text, NAMES).render(VALUES).strip() == shown


def test_a_required_name_without_a_value_leaves_nothing() -> None:
    text_format = parse_format("{studio}[ {title}] {code}", NAMES)

    assert text_format.render(VALUES, {"code"}) == ""
    assert text_format.render({**VALUES, "title": ""}, {"title"}).strip() == "Aurora"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{title} {studo}", "unknown name {studo} at character 9"),
        ("{title} {}", "unknown name at character 9"),
        ("{title} {a-s3cret}", "unknown name at character 9"),
        ("{title", "{ is not closed at character 1; {{ is a brace"),
        ("a } {title}", "} without { at character 3; }} is a brace"),
        ("[{title}", "[ is not closed at character 1; [[ is a bracket"),
        ("{title}]", "] without [ at character 8; ]] is a bracket"),
        ("[{title} [{studio}]]", "[ within [ at character 10; [[ is a bracket"),
        ("{title} [new]", "no name in the part at character 9; [[ is a bracket"),
        ("My title", "no name in braces"),
        ("{title}" * 100, f"longer than {MAX_FORMAT_CHARS} characters"),
    ],
)
def test_a_bad_format_is_refused_with_its_place(text: str, reason: str) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011 - compared below
        parse_format(text, NAMES)

    assert str(error.value) == reason


def test_no_format_is_false_and_shows_nothing() -> None:
    assert not parse_format("", NAMES)
    assert parse_format("", NAMES).render(VALUES) == ""


@given(st.text("[]{}ab titlesuo", max_size=30))
@fuzzed(200)
def test_any_text_is_a_format_or_a_reason(text: str) -> None:
    try:
        text_format = parse_format(text, NAMES)
    except ValueError as error:
        assert str(error)
        return
    assert not text or text_format.names <= set(NAMES)
    text_format.render(VALUES)


@given(st.lists(PLAIN, min_size=1, max_size=6))
@fuzzed(200)
def test_doubled_signs_come_back_as_they_were_meant(pieces: list[Piece]) -> None:
    # A name behind a brace or bracket is no run of them: only literals stand next to each other.
    text = written(pieces)
    if not any(piece.name for piece in pieces):
        text += "{title}"
        pieces = [*pieces, Piece(name="title")]
    values = {name: name.upper() for name in NAMES}

    shown = parse_format(text, NAMES).render(values)

    assert shown == "".join(values[piece.name] if piece.name else piece.text for piece in pieces)


@given(PARTS, st.dictionaries(st.sampled_from(NAMES), st.text("xyz", min_size=1), max_size=3))
@fuzzed(200)
def test_a_part_shows_all_or_nothing(parts: list[list[Piece]], given: dict[str, str]) -> None:
    values = dict.fromkeys(NAMES, "") | given
    pieces: list[Piece] = []
    for number, part in enumerate(parts, 1):
        named = [*part, Piece(name="title")]
        pieces += [Piece(piece.text, piece.name, number) for piece in named]
    text_format = TextFormat(tuple(pieces))

    shown = text_format.render(values)

    complete = [
        part for part in parts if all(values[piece.name] for piece in part if piece.name)
    ] * bool(values["title"])
    assert bool(shown) == bool(complete)
    assert len(shown) <= sum(
        len(values["title"]) + sum(len(values[p.name]) if p.name else len(p.text) for p in part)
        for part in complete
    )
