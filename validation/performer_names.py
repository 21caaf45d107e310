"""Choose and name the performers that Plex shows of a scene, after the settings. Pure."""

from collections.abc import Callable, Mapping, Sequence

from core.unicode_form import caseless
from validation.config import PlexSyncConfig
from validation.genders import FEMALE, TRANSGENDER_FEMALE
from validation.limits import MAX_NAME_CHARS
from validation.metadata import SyncMetadata
from validation.performers import ALWAYS, FEMALE_FIRST, NAME, NEVER, STASH, Performer
from validation.sanitizers import clean_name, clean_names, clean_text

_FEMALE = frozenset({FEMALE, TRANSGENDER_FEMALE})

# Stash keeps no order of a scene's performers, so theirs is by name as well.
_SORT_KEYS: Mapping[str, Callable[[Performer], bool]] = {
    STASH: lambda person: False,
    NAME: lambda person: False,
    FEMALE_FIRST: lambda person: person.gender not in _FEMALE,
}


def chosen_performers(scene: SyncMetadata, config: PlexSyncConfig) -> tuple[Performer, ...]:
    """Return the performers of the genders that are shown, in their order; no limit counts yet."""
    genders = config.performer_genders
    cast = [person for person in scene.cast if not genders or person.gender in genders]
    return tuple(sorted(cast, key=_SORT_KEYS[config.performer_order]))


def performer_names(scene: SyncMetadata, config: PlexSyncConfig) -> tuple[str, ...]:
    """Return the name of each chosen performer, as the setting disambiguates it.

    Unless it never does, no two names are equal to Plex, which ignores case: performers that even
    the disambiguation does not tell apart are numbered by their ids.
    """
    cast = chosen_performers(scene, config)
    names = [_cleaned(person.name, config) for person in cast]
    if config.performer_disambiguation == NEVER:
        return tuple(names)
    keys = [caseless(name) for name in names]
    labels = [
        _labelled(name, _cleaned(person.disambiguation, config))
        if config.performer_disambiguation == ALWAYS or keys.count(key) > 1
        else name
        for person, name, key in zip(cast, names, keys, strict=True)
    ]
    return _numbered(cast, labels)


def title_performers(scene: SyncMetadata, config: PlexSyncConfig) -> str:
    """Return the names of the chosen performers for a title, joined by commas, each once."""
    names = (person.name for person in chosen_performers(scene, config))
    limit = config.max_performers
    return ", ".join(clean_names(names, limit, strip_emoji=config.strip_emoji))


def _cleaned(text: str, config: PlexSyncConfig) -> str:
    """Return the text as Plex is sent it, so that equal names are seen to be equal."""
    return clean_name(text, strip_emoji=config.strip_emoji)


def _labelled(name: str, detail: str) -> str:
    return _with_suffix(name, f" ({detail})") if name and detail else name


def _with_suffix(name: str, suffix: str) -> str:
    """Return both, at most as long as a name may be."""
    room = MAX_NAME_CHARS - len(suffix)
    return clean_text(name, room) + suffix if room > 0 else name


def _numbered(cast: Sequence[Performer], labels: Sequence[str]) -> tuple[str, ...]:
    """Return the labels with a number behind each that another performer has as well."""
    taken: set[str] = set()
    numbered: dict[int, str] = {}
    for person, label in sorted(zip(cast, labels, strict=True), key=lambda pair: pair[0].id):
        number, unique = 1, label
        while label and caseless(unique) in taken:
            number += 1
            unique = _with_suffix(label, f" ({number})")
        taken.add(caseless(unique))
        numbered[person.id] = unique
    return tuple(numbered[person.id] for person in cast)
