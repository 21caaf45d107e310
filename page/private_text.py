"""Take what is private out of lines of the worker's log: paths, titles, names and addresses.

What is shown is what PlexSync itself chose: event names, numbers, and values of the facts that hold
words of its own. Free text is shown only where the private words that it may hold are known.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from core.log import event_line
from core.obfuscate import hide_paths

HIDDEN = "(hidden)"
MIN_PRIVATE_CHARS = 2
CUT_CHARS = 24
# Facts whose values are PlexSync's own words or numbers.
# fmt: off
_PLAIN = frozenset((
    "attempt", "before", "cause", "changes", "checked", "confidence", "crashes", "dead", "done",
    "enqueued", "entity", "epoch", "field", "fields", "files", "gaps", "generation", "images",
    "item", "items", "jobs", "kind", "learned_at", "level", "made_due", "mappings", "next_s",
    "originals", "pairs", "pause_s", "queued", "rate", "reason", "records", "requeued",
    "restored", "scene", "scenes", "section", "took_s", "updated", "vanished", "version",
    "waiting", "what", "wrote",
))
# fmt: on
# Facts with sentences, which tell most about a fault.
_FREE = frozenset(("detail", "message", "trace"))
_OWN_WORDS = re.compile(r"[\w.:,+-]*", re.ASCII)
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_LINE = re.compile(r"(\S+ \S+) ([A-Z]+) (\S+) ?(.*)", re.DOTALL)
# A quoted value ends before the next fact: it may hold quotes itself.
_FACT = re.compile(r'(\w+)=("(?:.*?)"(?= \w+=|$)|\S*)', re.DOTALL)
_ADDRESSES = (
    re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+"),
    re.compile(r"\S+@\S+"),
    re.compile(r"\[?(?:[0-9A-Fa-f]{0,4}:){3,7}[0-9A-Fa-f]{0,4}\]?"),
    # A name with dots, or numbers: of a host, a file or a module.
    re.compile(r"\b\w[\w-]*(?:\.\w[\w-]*)+(?::\d+)?"),
)
_SEPARATORS = re.compile(r"[/\\]+")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|[«“„‘].*?[»”“’]", re.DOTALL)


class PrivateWords:
    """What must not be shown: titles, names, paths and addresses, however they are spelled.

    `is_complete` False: not everything that may occur is known, so no free text is shown.
    """

    def __init__(self, words: Iterable[str], *, is_complete: bool) -> None:
        self.is_complete = is_complete
        private = {text for word in words for text in _spellings(word)}
        # The longest first: a name may be the beginning of another one.
        ordered = sorted(private, key=len, reverse=True)
        pattern = "|".join(r"\s+".join(map(re.escape, word.split())) for word in ordered)
        self._pattern = re.compile(pattern, re.IGNORECASE)
        self._is_empty = not ordered

    def hide(self, text: str) -> str:
        """Return free text without what is private; `(hidden)` unless all of it is known."""
        if not self.is_complete:
            return HIDDEN
        # Paths first: without a name in it, a path would not be recognized.
        hidden = hide_paths(text)
        hidden = hidden if self._is_empty else self._pattern.sub(HIDDEN, hidden)
        hidden = _QUOTED.sub(HIDDEN, hidden)
        for pattern in _ADDRESSES:
            hidden = pattern.sub(HIDDEN, hidden)
        return hidden


def _spellings(word: str) -> Iterator[str]:
    """Yield the word, the beginning of a long one, which the log cuts, and the parts of a path."""
    text = word.strip()
    if "/" in text or "\\" in text:
        yield from (part for part in _SEPARATORS.split(text) if len(part) >= MIN_PRIVATE_CHARS)
    if len(text) >= MIN_PRIVATE_CHARS:
        yield text
    if len(text) > CUT_CHARS:
        yield text[:CUT_CHARS].strip()


def hide_line(line: str, words: PrivateWords) -> str:
    """Return a line of the log, as text or as JSON, without what is private.

    Examples:
        >>> words = PrivateWords(["Night Train"], is_complete=True)
        >>> hide_line("2026-01-31 12:00:00,000 INFO sync.done scene=42 title=Zug took_s=0.1", words)
        '2026-01-31 12:00:00,000 INFO sync.done scene=42 title=(hidden) took_s=0.1'
        >>> hide_line('2026-01-31 12:00:00,000 INFO x detail="no item for night train"', words)
        '2026-01-31 12:00:00,000 INFO x detail="no item for (hidden)"'
    """
    head, event, facts = _parts(line)
    if not event:
        return HIDDEN
    shown = {key: _shown(key, value, words) for key, value in facts}
    return f"{head} {event_line(event, dict(shown))}"


def scene_ids(lines: Iterable[str]) -> frozenset[int]:
    """Return the ids of the scenes that lines of the log are about."""
    return frozenset(
        int(value)
        for line in lines
        for key, value in _parts(line)[2]
        if key == "scene" and value.isdecimal() and len(value) < 16
    )


def texts_in(document: object) -> Iterator[str]:
    """Yield every text in a JSON document, except for ids."""
    if isinstance(document, str):
        yield document
    elif isinstance(document, Mapping):
        for key, value in document.items():
            yield from texts_in(value if key != "id" else None)
    elif isinstance(document, list | tuple):
        for value in document:
            yield from texts_in(value)


def _parts(line: str) -> tuple[str, str, list[tuple[str, str]]]:
    """Return time and level, the event's name, and the facts; "" for what is no event."""
    if line.startswith("{"):
        return _json_parts(line)
    match = _LINE.fullmatch(line)
    if match is None or not _OWN_WORDS.fullmatch(match[3]):
        return "", "", []
    facts = [(key, value.strip('"')) for key, value in _FACT.findall(match[4])]
    return f"{match[1]} {match[2]}", match[3], facts


def _json_parts(line: str) -> tuple[str, str, list[tuple[str, str]]]:
    try:
        document = json.loads(line)
        head = f"{document.pop('time')} {document.pop('level')}"
        event = str(document.pop("event"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "", "", []
    return head, event, [(key, _text(value)) for key, value in document.items()]


def _text(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _shown(key: str, value: str, words: PrivateWords) -> str:
    if _NUMBER.fullmatch(value):
        return value
    if key in _PLAIN and _OWN_WORDS.fullmatch(value):
        return value
    return words.hide(value) if key in _FREE else HIDDEN
