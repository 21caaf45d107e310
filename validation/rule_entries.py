"""Read and write the text of the library rules: which entries it has, not yet what they mean.

The text is one JSON object of objects: settings with their values by library.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from core.folding import plain_form

MAX_RULES_CHARS = 20_000


@dataclass(frozen=True, slots=True)
class RuleEntry:
    """One entry: a library's title, a setting's name and a value, as the user wrote them."""

    library: str
    setting: str
    value: object


class _Pairs(list[tuple[str, Any]]):
    """An object of the text with all its keys, also those that stand twice."""


def read_rule_entries(text: str) -> tuple[RuleEntry, ...]:
    """Return the entries in their order; () for none.

    Raises:
        ValueError: the text is too long or is no such object.

    Examples:
        >>> read_rule_entries('{"Scenes": {"sync_studio": false}}')
        (RuleEntry(library='Scenes', setting='sync_studio', value=False),)
    """
    if not text.strip():
        return ()
    if len(text) > MAX_RULES_CHARS:
        raise ValueError(f"longer than {MAX_RULES_CHARS:,} characters")
    try:
        document = json.loads(text, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError) as error:
        raise ValueError('not of the form {"Library": {"setting": value}}') from error
    if not isinstance(document, _Pairs):
        raise ValueError('not of the form {"Library": {"setting": value}}')
    entries = []
    for library, rules in document:
        if not isinstance(rules, _Pairs):
            raise ValueError("a library has no settings in braces")
        entries += [RuleEntry(library, name, value) for name, value in rules]
    return tuple(entries)


def write_rule_entries(entries: Iterable[RuleEntry]) -> str:
    """Return the text of the entries, grouped by library; "" for none.

    Examples:
        >>> write_rule_entries([RuleEntry("Scenes", "max_tags", 5)])
        '{"Scenes": {"max_tags": 5}}'
    """
    titles: dict[str, str] = {}
    document: dict[str, dict[str, object]] = {}
    for entry in entries:
        title = titles.setdefault(plain_form(entry.library), entry.library.strip())
        document.setdefault(title, {})[entry.setting] = entry.value
    return json.dumps(document, ensure_ascii=False) if document else ""
