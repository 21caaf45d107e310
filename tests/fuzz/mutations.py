"""What broken disks, strange servers and users can put where a valid value should be."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

TEXTS = st.one_of(
    st.text(max_size=20),
    st.text(st.characters(), max_size=8),  # lone surrogates and control characters included
    st.sampled_from(
        [
            "",
            " ",
            "\0",
            "\ud800",
            "x\udfffy",
            "é" * 300,
            "a" * 9_000,
            "-1",
            "1e999",
            "NaN",
            "{}",
            "😀",
        ]
    ),
)
NUMBERS = st.one_of(
    st.integers(),
    st.integers(min_value=-(10**40), max_value=10**40),
    st.floats(),
    st.sampled_from(
        [0, -1, 2**63, -(2**63) - 1, 10**400, 1e308, float("inf"), float("-inf"), float("nan")]
    ),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=8,
)
GARBAGE = st.one_of(
    st.binary(max_size=64),
    st.sampled_from(
        [
            b"",
            b"\0" * 4096,
            b"[" * 20_000,
            b'{"a":' * 20_000,
            b'{"a":' + b"1" * 5_000 + b"}",
            b"\xff\xfe{}",
            b"\xef\xbb\xbf{}",
            b'{"a": NaN}',
            b'{"a": 1e999}',
            b'{"a": "\xc3\x28"}',
            b'{"a": "\\ud800"}',
            b"null",
            b"[]",
            b'"text"',
            b"0",
        ]
    ),
)


def mutated(document: Any) -> st.SearchStrategy[Any]:
    """The document with something else in one or two of its places, or one of them left out."""
    places = list(_places(document))
    one = st.tuples(st.sampled_from(places), st.one_of(JSON, st.just(_GONE)))
    return st.lists(one, min_size=1, max_size=2).map(lambda changes: _changed(document, changes))


def mutated_bytes(document: Any) -> st.SearchStrategy[bytes]:
    """What a file that held the document may hold instead."""
    whole = json.dumps(document).encode()
    cut = st.integers(0, len(whole)).map(lambda end: whole[:end])
    flipped = st.tuples(st.integers(0, len(whole) - 1), st.integers(1, 255)).map(
        lambda at: flip_bits(whole, *at)
    )
    return st.one_of(
        GARBAGE, cut, flipped, mutated(document).map(lambda one: json.dumps(one).encode())
    )


def flip_bits(content: bytes, place: int, mask: int) -> bytes:
    """The content with some bits of one byte turned over."""
    return content[:place] + bytes([content[place] ^ mask]) + content[place + 1 :]


class _Gone:
    """In place of a value: take it away."""


_GONE = _Gone()


def _places(document: Any, path: tuple[Any, ...] = ()) -> Any:
    if path:
        yield path
    if isinstance(document, dict):
        for key, value in document.items():
            yield from _places(value, (*path, key))
    elif isinstance(document, list):
        for index, value in enumerate(document):
            yield from _places(value, (*path, index))


def _changed(document: Any, changes: list[tuple[tuple[Any, ...], Any]]) -> Any:
    for path, value in changes:
        document = _replaced(document, path, value)
    return document


def _replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    first, rest = path[0], path[1:]
    if isinstance(document, dict) and first in document:
        if not rest and value is _GONE:
            return {key: kept for key, kept in document.items() if key != first}
        return {**document, first: _replaced(document[first], rest, value)}
    if isinstance(document, list) and isinstance(first, int) and first < len(document):
        middle = [] if not rest and value is _GONE else [_replaced(document[first], rest, value)]
        return [*document[:first], *middle, *document[first + 1 :]]
    return document


def quiet(text: str) -> None:
    """Discard a line."""


Writer = Callable[[bytes], object]
