"""Make the text of each actor's role after its format. Pure."""

from collections.abc import Callable, Mapping
from datetime import date

from core.role_texts import role_entry
from core.unicode_form import caseless
from validation.config import PlexSyncConfig
from validation.genders import LABELS, NO_GENDER
from validation.metadata import SyncMetadata
from validation.performer_names import chosen_performers, performer_names
from validation.performers import Performer
from validation.sanitizers import clean_text

MAX_ROLE_CHARS = 100
MAX_AGE = 120
_FULL_DATE_CHARS = 10


def make_roles(scene: SyncMetadata, config: PlexSyncConfig) -> tuple[str, ...]:
    """Return an entry for each actor whose role has a text, in the order of the actors."""
    names = performer_names(scene, config)
    performers = chosen_performers(scene, config)
    actors: dict[str, tuple[str, Performer]] = {}
    for name, performer in zip(names, performers, strict=True):
        if name:
            actors.setdefault(caseless(name), (name, performer))
    shown = list(actors.values())[: config.max_performers]
    texts = [(name, role_text(performer, scene, config)) for name, performer in shown]
    return tuple(role_entry(name, text) for name, text in texts if text)


def role_attributes(config: PlexSyncConfig) -> frozenset[str]:
    """Return the attributes of a scene that the texts show."""
    dated = {"date"} if "age" in config.role_format.names else set()
    return frozenset({"performers"} | dated)


def role_text(performer: Performer, scene: SyncMetadata, config: PlexSyncConfig) -> str:
    """Return the text of a performer's role; "" if a value outside of all parts is missing."""
    text_format = config.role_format
    values = {name: _VALUES[name](performer, scene) for name in text_format.names}
    text = text_format.render(values, required=values)
    return clean_text(text, MAX_ROLE_CHARS, strip_emoji=config.strip_emoji, compose=True)


def age_at(birthdate: str, day: str) -> str:
    """Return the age in whole years on a day; "" where a date is not known to the day.

    Examples:
        >>> age_at("1990-03-10", "2024-03-09"), age_at("1990", "2024-03-09")
        ('33', '')
    """
    if len(birthdate) != _FULL_DATE_CHARS:
        return ""
    try:
        born, then = date.fromisoformat(birthdate), date.fromisoformat(day)
    except ValueError:
        return ""
    years = then.year - born.year - ((then.month, then.day) < (born.month, born.day))
    return str(years) if 0 <= years <= MAX_AGE else ""


def _gender(performer: Performer, scene: SyncMetadata) -> str:
    if performer.gender == NO_GENDER:
        return ""
    return LABELS.get(performer.gender, "")


_VALUES: Mapping[str, Callable[[Performer, SyncMetadata], str]] = {
    "age": lambda performer, scene: age_at(performer.birthdate, scene.date),
    "gender": _gender,
    "disambiguation": lambda performer, scene: performer.disambiguation,
}
