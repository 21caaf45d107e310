"""Cleans texts: no endless text and no character that Plex's XML cannot carry leaves Stash.

Cleaning twice gives what cleaning once gave; without that, every sync would find a difference.
"""

import re
from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from core.unicode_form import caseless, composed
from validation.limits import MAX_NAME_CHARS, MAX_TEXT_CHARS, MAX_WORD_CHARS

# C0 but tab and line feed, DEL, C1, surrogates (always lone in a Python text), and the two
# non-characters that XML forbids.
_UNUSABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

# Whole blocks of symbols rather than the list of emoji, which grows each year.
_EMOJI_BASE = "[\u231a-\u23ff\u2600-\u27bf\u2b05-\u2b55\U0001f000-\U0001faff]"
_EMOJI_TAIL = "[\u200d\u20e3\ufe0e\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"
# The zero width joiner is removed only behind an emoji: some scripts need it between characters.
_EMOJI = f"(?:{_EMOJI_BASE}{_EMOJI_TAIL}*|[\u20e3\ufe0e\ufe0f\U000e0020-\U000e007f])+"
# An emoji between two spaces takes one of them along, so that no gap of two stays behind.
_EMOJI_AND_GAP = re.compile(rf"(?:^|(?<=[ \n])){_EMOJI} ?|{_EMOJI}")

_LINE_BREAKS = re.compile(r"[\t\n]+")
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[Tt ]\d{2}:\d{2}.*)?)?)?", re.ASCII)


def clean_text(
    text: str,
    limit: int,
    *,
    keep_newlines: bool = False,
    strip_emoji: bool = False,
    compose: bool = False,
) -> str:
    """`text` trimmed, without unusable characters, at most `limit` characters long.

    Line ends become LF; without `keep_newlines` line ends and tabs become one space. What is too
    long is cut at the end of a word, unless that word is endless. With `compose` the text is in
    NFC; a path must stay as it is.

    Examples:
        >>> clean_text("  Night\\ttrain to\\x00 Lisbon ", 12)
        'Night train'
    """
    cleaned = text[:MAX_TEXT_CHARS].replace("\r\n", "\n").replace("\r", "\n")
    cleaned = _UNUSABLE.sub("", cleaned)
    if strip_emoji:
        cleaned = _EMOJI_AND_GAP.sub("", cleaned)
    if compose:
        # after the removals, which can bring a character and its accent together
        cleaned = composed(cleaned)
    if not keep_newlines:
        lines = (line.strip() for line in _LINE_BREAKS.split(cleaned))
        cleaned = " ".join(line for line in lines if line)
    return _cut(cleaned.strip(), limit)


def clean_names(names: Iterable[str], limit: int, *, strip_emoji: bool = False) -> tuple[str, ...]:
    """Return the first `limit` distinct names, cleaned and composed, in order.

    Plex ignores case in names.
    """
    distinct: dict[str, str] = {}
    for name in names:
        if len(distinct) >= limit:
            break
        cleaned = clean_name(name, strip_emoji=strip_emoji)
        if cleaned:
            distinct.setdefault(caseless(cleaned), cleaned)
    return tuple(distinct.values())


# Many scenes have the same names.
@lru_cache(maxsize=4096)
def clean_name(name: str, *, strip_emoji: bool = False) -> str:
    """Return one name, cleaned and composed; "" if nothing is left of it."""
    return clean_text(name, MAX_NAME_CHARS, strip_emoji=strip_emoji, compose=True)


def clean_date(text: str) -> str:
    """`text` as YYYY-MM-DD; "" when it is no date of the calendar.

    A year or a month stands for its first day; a time of day is cut off, without regard to its
    zone.

    Examples:
        >>> clean_date("2024-03"), clean_date("2024-02-30")
        ('2024-03-01', '')
    """
    found = _DATE.fullmatch(text.strip())
    if found is None:
        return ""
    year, month, day = (int(part or 1) for part in found.groups())
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return ""


def _cut(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    head = text[: max(limit, 0)]
    if head and not head[-1].isspace() and not text[len(head)].isspace():
        in_words = head.rsplit(None, 1)
        if len(in_words) == 2 and len(in_words[1]) <= MAX_WORD_CHARS:
            head = in_words[0]
    return head.rstrip()
