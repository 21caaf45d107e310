"""Parse and apply formats such as `[{studio}: ]{title}`, in which a user writes names in braces.

A part in brackets vanishes as a whole if a name in it has no value. A bracket or brace that is
meant as such is doubled; of three in a row, the outer one has its meaning. Parts do not nest. Pure.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

MAX_FORMAT_CHARS = 500
_RUN = re.compile(r"\[+|\]+|\{+|\}+|[^\[\]{}]+")
# What may be quoted in an error: a word that cannot be a secret.
_QUOTABLE = re.compile(r"[A-Za-z_ ]{1,15}")


@dataclass(frozen=True, slots=True)
class Piece:
    """A literal text, or the value of a name.

    Attributes:
        text: the literal, "" where `name` is set.
        name: the name.
        part: the number of the optional part that the piece belongs to, from 1; 0 outside of any.
    """

    text: str = ""
    name: str = ""
    part: int = 0


@dataclass(frozen=True, slots=True)
class TextFormat:
    """A parsed format. It is false if it is empty, which means that there is none."""

    pieces: tuple[Piece, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.pieces)

    @property
    def names(self) -> frozenset[str]:
        """Return the names that the format shows."""
        return frozenset(piece.name for piece in self.pieces if piece.name)

    def render(self, values: Mapping[str, str], required: Collection[str] = ()) -> str:
        """Return the text with the values of its names in place, not cleaned yet.

        Where an optional part or a value is missing, the blank behind it goes with it. The text is
        "" if a `required` name outside of all parts has no value.

        Examples:
            >>> text_format = parse_format("[{studio}: ]{title}", {"studio", "title"})
            >>> text_format.render({"studio": "", "title": "Night Train"})
            'Night Train'
        """
        if any(
            piece.name in required and not piece.part and not values[piece.name]
            for piece in self.pieces
        ):
            return ""
        missing = {piece.part for piece in self.pieces if piece.name and not values[piece.name]}
        text, has_gap = "", False
        for piece in self.pieces:
            shown = "" if piece.part and piece.part in missing else _shown(piece, values)
            if not shown:
                has_gap = True
                continue
            if has_gap and not piece.name and (not text or text[-1].isspace()):
                shown = shown.lstrip()
            has_gap = has_gap and not shown
            text += shown
        return text


def _shown(piece: Piece, values: Mapping[str, str]) -> str:
    return values[piece.name] if piece.name else piece.text


def parse_format(text: str, names: Collection[str]) -> TextFormat:
    """Return the parsed format; an empty one for "".

    Raises:
        ValueError: it is not a format of these names; the reason names the character, from 1.
    """
    if len(text) > MAX_FORMAT_CHARS:
        raise ValueError(f"longer than {MAX_FORMAT_CHARS} characters")
    text_format = TextFormat(tuple(_joined(_Parser(text, names).pieces())))
    if text_format and not text_format.names:
        raise ValueError("no name in braces")  # every scene would show the same
    return text_format


class _Parser:
    """Reads one format from its beginning to its end."""

    def __init__(self, text: str, names: Collection[str]) -> None:
        self._text = text
        self._names = names
        self._at = 0
        self._part = 0
        self._parts = 0
        self._opened_at = 0
        self._has_name = False

    def pieces(self) -> Iterator[Piece]:
        while self._at < len(self._text):
            found = _RUN.match(self._text, self._at)
            assert found is not None  # every character is a run of its own at least
            run, start = found.group(), self._at
            self._at = found.end()
            sign = run[0]
            if sign not in "[]{}":
                yield self._literal(run)
                continue
            pairs, is_odd = divmod(len(run), 2)
            if sign == "[" and is_odd:
                self._open(start)
            if pairs:
                yield self._literal(sign * pairs)
            if sign == "]" and is_odd:
                self._close(self._at - 1)
            if sign == "{" and is_odd:
                yield self._name(self._at - 1)
            if sign == "}" and is_odd:
                raise ValueError(f"}} without {{ at character {start + 1}; }}}} is a brace")
        if self._part:
            raise ValueError(f"[ is not closed at character {self._opened_at + 1}; [[ is a bracket")

    def _literal(self, text: str) -> Piece:
        return Piece(text, part=self._part)

    def _open(self, at: int) -> None:
        if self._part:
            raise ValueError(f"[ within [ at character {at + 1}; [[ is a bracket")
        self._parts += 1
        self._part, self._opened_at, self._has_name = self._parts, at, False

    def _close(self, at: int) -> None:
        if not self._part:
            raise ValueError(f"] without [ at character {at + 1}; ]] is a bracket")
        if not self._has_name:
            raise ValueError(
                f"no name in the part at character {self._opened_at + 1}; [[ is a bracket"
            )
        self._part = 0

    def _name(self, at: int) -> Piece:
        """Return the name whose brace stands at `at`, and continue behind its end."""
        end = self._text.find("}", self._at)
        if end < 0:
            raise ValueError(f"{{ is not closed at character {at + 1}; {{{{ is a brace")
        written = self._text[self._at : end]
        name = written.strip().lower()
        if name not in self._names:
            quoted = f" {{{written}}}" if _QUOTABLE.fullmatch(written) else ""
            raise ValueError(f"unknown name{quoted} at character {at + 1}")
        self._at = end + 1
        self._has_name = True
        return Piece(name=name, part=self._part)


def _joined(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Yield the pieces with neighbouring literals of one part as one."""
    last: Piece | None = None
    for piece in pieces:
        if last is not None and last.text and piece.text and last.part == piece.part:
            last = Piece(last.text + piece.text, part=piece.part)
            continue
        if last is not None:
            yield last
        last = piece
    if last is not None:
        yield last
