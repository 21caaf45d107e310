"""A performer of a scene, as Stash describes it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.unicode_form import caseless

NEVER, WHEN_NEEDED, ALWAYS = "never", "when_needed", "always"
DISAMBIGUATIONS = (NEVER, WHEN_NEEDED, ALWAYS)
STASH, FEMALE_FIRST, NAME = "stash", "female_first", "name"
ORDERS = (STASH, FEMALE_FIRST, NAME)


@dataclass(frozen=True, slots=True)
class Performer:
    """One performer; "" is what is unset, or what the settings did not need when it was read.

    Attributes:
        id: Stash's id.
        name: never "".
        gender: Stash's word, such as `TRANSGENDER_FEMALE`.
        birthdate: YYYY-MM-DD, or only its beginning.
        disambiguation: what tells performers of one name apart in Stash.
    """

    id: int
    name: str
    gender: str = ""
    birthdate: str = ""
    disambiguation: str = ""


def by_name(performers: Iterable[Performer]) -> tuple[Performer, ...]:
    """Return the performers sorted by name, whatever its case, then by id."""
    return tuple(sorted(performers, key=lambda person: (caseless(person.name), person.id)))


def read_performer(person_id: int, name: str, raw: Mapping[str, object]) -> Performer:
    """Return a performer from the object that Stash sent; a detail of another type is unset."""
    return Performer(
        person_id,
        name,
        _word(raw.get("gender")),
        _word(raw.get("birthdate")),
        _word(raw.get("disambiguation")),
    )


def _word(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
