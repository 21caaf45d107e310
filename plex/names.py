"""Compare lists of names: genres, actors, collections."""

from functools import lru_cache

from core.field_values import FieldValue, normal_form
from core.fields import Kind


def names_of(value: FieldValue) -> tuple[str, ...]:
    """Return the names of a field's value; () if it is no list of names."""
    return value if isinstance(value, tuple) else ()


@lru_cache(maxsize=8192)
def name_key(name: str) -> str:
    """Return the form in which names are compared: caseless, composed and trimmed."""
    return normal_form(Kind.NAMES, (name,))


def name_keys(value: FieldValue) -> set[str]:
    """Return the forms in which the value's names are compared."""
    return {name_key(name) for name in names_of(value)}


def distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return each name once, in the spelling that comes first, without blank ones."""
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(name_key(name), name)
    return tuple(name for key, name in first.items() if key)


def spelled_as(names: tuple[str, ...], present: FieldValue) -> tuple[str, ...]:
    """Return each name once, as `present` spells it where it has the name."""
    shown = {name_key(name): name for name in reversed(names_of(present))}
    return tuple(shown.get(name_key(name), name) for name in distinct(names))


def names_without(value: FieldValue, other: FieldValue) -> tuple[str, ...]:
    """Return the names of `value` that `other` lacks, every spelling of them."""
    if value == other:
        return ()
    taken = name_keys(other)
    return tuple(
        dict.fromkeys(
            name for name in names_of(value) if name_key(name) and name_key(name) not in taken
        )
    )
