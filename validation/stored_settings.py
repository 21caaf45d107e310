"""Find settings among what Stash has stored: a key has several spellings, and any may be stored."""

import re
from collections.abc import Mapping

from validation.setting import Setting
from validation.setting_values import is_unset, read_text, read_token
from validation.settings import BY_NAME

_CAMEL_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def spellings(setting: Setting, raw: Mapping[str, object] | None) -> tuple[str, ...]:
    """Return the stored keys that mean the setting, the one that counts first; () for none.

    Examples:
        >>> spellings(BY_NAME["plex_url"], {"plexUrl": "", "a_plex_url": "", "c_max_tags": 7})
        ('a_plex_url', 'plexUrl')
    """
    keys = _ordered(raw if isinstance(raw, Mapping) else {})
    names = (setting.key, setting.name)
    return tuple(key for name in names for key in keys if snake_case(key) == name)


def stored_value(setting: Setting, raw: Mapping[str, object] | None) -> object:
    """Return the stored value that means the setting, usable or not; None if it is unset."""
    return find_value(setting, values_by_name(raw if isinstance(raw, Mapping) else {}))


def typed_tokens(raw: Mapping[str, object] | None) -> tuple[str, ...]:
    """Return the usable Plex tokens in what Stash has stored, the one that counts first."""
    values = raw if isinstance(raw, Mapping) else {}
    read = (_usable_token(values[key]) for key in spellings(BY_NAME["plex_token"], values))
    return tuple(dict.fromkeys(filter(None, read)))


def without_tokens(raw: Mapping[str, object]) -> dict[str, object]:
    """Return the stored settings with every spelling of the Plex token emptied.

    Examples:
        >>> without_tokens({"a_plex_token": "x", "plexToken": "y", "plexUrl": "plex"})
        {'a_plex_token': '', 'plexToken': '', 'plexUrl': 'plex'}
    """
    keys = spellings(BY_NAME["plex_token"], raw)
    return {key: "" if key in keys else value for key, value in raw.items()}


def _usable_token(value: object) -> str:
    try:
        return read_token(read_text(value)).get_secret_value()
    except ValueError:
        return ""


def stored_names(raw: Mapping[str, object]) -> frozenset[str]:
    """Return the names of what is stored, set or not, as settings are named here."""
    return frozenset(values_by_name(raw))


def snake_case(key: object) -> str:
    """Return a stored key with words separated by underscores."""
    return _CAMEL_HUMP.sub("_", str(key).strip()).lower()


def values_by_name(raw: Mapping[str, object]) -> dict[str, list[object]]:
    """Return values by normalised key; the exact spelling wins, then the first by alphabet."""
    stored: dict[str, list[object]] = {}
    for key in _ordered(raw):
        stored.setdefault(snake_case(key), []).append(raw[key])
    return stored


def _ordered(raw: Mapping[str, object]) -> list[str]:
    return sorted(raw, key=lambda key: (str(key) != snake_case(key), str(key)))


def find_value(setting: Setting, stored: Mapping[str, list[object]]) -> object:
    """Return the first value that is set; None when there is none.

    `stored` comes from `values_by_name`.
    """
    candidates = (*stored.get(setting.key, ()), *stored.get(setting.name, ()))
    return next((value for value in candidates if not is_unset(setting, value)), None)
