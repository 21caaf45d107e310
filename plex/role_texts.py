"""Decide which texts the roles of an item's actors get, and which they get back. Pure.

Plex keeps the text with the actor on the item, so an edit names every actor that stays: a server
that replaces lists would drop the others.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.field_values import FieldValue
from core.role_texts import role_entry, split_entry
from core.unicode_form import caseless
from plex.names import name_key, name_keys, names_of

Texts = dict[str, str]
"""The text of each actor's role by the form in which names are compared; without empty ones."""


@dataclass(frozen=True, slots=True)
class RoleEdit:
    """The actors of an item with their texts.

    `keeps` is true if every text is shown already, and only must not be lost.
    """

    entries: tuple[str, ...]
    keeps: bool


def plan_roles(
    desired: FieldValue,
    present: FieldValue,
    sent: Sequence[str],
    actors: Sequence[str],
    *,
    keeps_hand_edits: bool,
) -> RoleEdit | None:
    """Return what gives the roles their texts; None if no text is shown or desired.

    Args:
        desired: entries with the texts that the scene asks for.
        present: entries with the texts that the item shows.
        sent: entries that PlexSync has sent: it takes no other text off.
        actors: the names that the item has afterwards, as they are sent.
        keeps_hand_edits: a text that PlexSync has not sent stays.
    """
    wanted, shown, ours = texts_of(desired), texts_of(present), _spellings(sent)
    texts = {
        key: text
        for key, text in wanted.items()
        if not keeps_hand_edits or key not in shown or _is_among(shown[key], ours.get(key, ()))
    }
    for key, text in shown.items():
        if key not in wanted and _is_among(text, ours.get(key, ())):
            texts[key] = ""
    return _edit(actors, shown, texts)


def restore_roles(
    before: FieldValue,
    present: FieldValue,
    sent: Sequence[str],
    actors: Sequence[str],
    returning: Collection[str],
) -> RoleEdit | None:
    """Return what gives roles the texts they had; None if no text is shown or was shown.

    A text that was edited by hand since then stays. `returning` are the keys of the actors that the
    item gets back, who get their texts back.
    """
    former, shown, ours = texts_of(before), texts_of(present), _spellings(sent)
    texts = {
        key: text
        for key, text in former.items()
        if key not in shown and (key in ours or key in returning)
    }
    for key, text in shown.items():
        if _is_among(text, ours.get(key, ())):
            texts[key] = former.get(key, "")
    return _edit(actors, shown, texts)


def lost_texts(desired: FieldValue, present: FieldValue, actors: FieldValue) -> tuple[str, ...]:
    """Return the desired entries that an item does not show, of the actors that it has."""
    shown, known = texts_of(present), name_keys(actors)
    return tuple(
        entry
        for entry in names_of(desired)
        if (key := name_key(split_entry(entry)[0])) in known
        and not _is_among(split_entry(entry)[1] or "", (shown.get(key, ""),))
    )


def texts_of(value: FieldValue) -> Texts:
    """Return the texts of a field's value; {} for none."""
    pairs = map(split_entry, reversed(names_of(value)))
    return {name_key(name): text for name, text in pairs if text}


def _edit(actors: Sequence[str], shown: Texts, texts: Mapping[str, str]) -> RoleEdit | None:
    keys = [name_key(actor) for actor in actors]
    after = {key: texts.get(key, shown.get(key)) for key in keys}
    if not any(text is not None for text in after.values()):
        return None
    changed = [
        key for key, text in after.items() if not _is_among(text or "", (shown.get(key, ""),))
    ]
    entries = tuple(role_entry(actor, after[key]) for actor, key in zip(actors, keys, strict=True))
    return RoleEdit(entries, keeps=not changed)


def _spellings(entries: Iterable[str]) -> dict[str, set[str]]:
    """Return every text of each actor."""
    spellings: dict[str, set[str]] = {}
    for name, text in map(split_entry, entries):
        if text:
            spellings.setdefault(name_key(name), set()).add(text)
    return spellings


def _is_among(text: str, others: Iterable[str]) -> bool:
    return caseless(text.strip()) in {caseless(other.strip()) for other in others}
