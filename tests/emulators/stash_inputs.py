"""Values as mutations bring them: ids, dates and pictures, refused in Stash's words."""

from __future__ import annotations

import base64
import re
import urllib.request
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from tests.emulators.stash_runner import StashError

Input = Mapping[str, Any]

# The forms of Stash v0.31.0: RFC 3339, a day, a day with a time, a month, a year.
_DATE = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?:Z|[+-]\d{2}:\d{2})| \d{2}:\d{2}:\d{2})?"
    r"|(\d{4})(?:-(\d{2}))?"
)


def number_of(raw: str) -> int:
    """The id as a number; StashError in Stash's words for another text."""
    try:
        return int(raw)
    except ValueError:
        raise StashError(f'strconv.Atoi: parsing "{raw}": invalid syntax') from None


def found(table: Mapping[int, Any], kind: str, raw: str) -> int:
    """The id as a number; StashError in Stash's words when there is no such thing."""
    number = number_of(raw)
    if number not in table:
        raise StashError(f"{kind} with id {number} not found")
    return number


def image_bytes(text: str) -> bytes:
    """A cover comes as a URL to fetch, as a data URL or as bare base64."""
    if text.startswith(("http://", "https://")):
        with urllib.request.urlopen(text, timeout=10) as answer:
            return bytes(answer.read())
    return base64.b64decode(text.partition(",")[2] if text.startswith("data:") else text)


def parsed_date(text: str | None) -> str | None:
    """Return the date as Stash stores it: without a time, with the precision that was given."""
    if not text:
        return None
    match = _DATE.fullmatch(text)
    if match is None or not _is_in_calendar(match):
        raise StashError(f'failed to parse date "{text}"')
    return match.group(1) or text


def copied(given: Input, texts: Iterable[str], lists: Iterable[str] = ()) -> dict[str, Any]:
    """The plain members that were sent; a list as a tuple."""
    fields: dict[str, Any] = {key: given[key] or "" for key in texts if key in given}
    if "gender" in fields:
        fields["gender"] = given["gender"]
    fields.update({key: tuple(given[key] or ()) for key in lists if key in given})
    return fields


def _is_in_calendar(match: re.Match[str]) -> bool:
    day, year, month = match.groups()
    try:
        date.fromisoformat(day or f"{year}-{month or '01'}-01")
    except ValueError:
        return False
    return True
