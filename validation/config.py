"""Reads Stash's settings once into one frozen model; no value keeps PlexSync from starting."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict, SecretStr, field_validator

from core.fields import BY_NAME, FIELDS
from validation.kept_token import NO_KEPT_TOKEN, KeptToken
from validation.limits import MAX_SEARCHED_CHARS, MAX_SHOWN_CHARS
from validation.scope import Scope
from validation.setting import Setting
from validation.setting_values import (
    PathPairs,
    is_unset,
    read_old_url,
    read_setting,
    read_text,
    read_token,
)
from validation.settings import BY_NAME as BY_SETTING
from validation.settings import SETTINGS
from validation.tag_selection import TagSelection

SOURCE_NONE = "none"
OFF = "off"
"""The choice of a setting with which it switches nothing on."""

OLD_HOST = "plex_host"
OLD_PORT = "plex_port"
# Settings of another plugin with the same ID, which share our storage and mean nothing here.
_FOREIGN_KEY = re.compile(r"tagStashIDs|skipUnorganized|cleanTitles|tagID_.*", re.DOTALL)
_CAMEL_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_TOKEN_IN_TEXT = re.compile(r"(?i)(token=)[^&\s]+")
_LOGIN_IN_TEXT = re.compile(r"[^/\s]*@")


class PlexSyncConfig(BaseModel):
    """Every setting, typed and within its range. `toggles` and `sources` are keyed by field name.

    `match_overrides` maps a scene to Plex's rating key, or to `NEVER`; `excluded_tags` are
    caseless.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    enabled: bool
    plex_url: str
    plex_token: SecretStr
    plex_libraries: tuple[str, ...]
    plex_connect_timeout_s: float
    plex_read_timeout_s: float
    plex_verify_tls: bool
    path_map: PathPairs
    strict_matching: bool
    sync_metadata: bool
    toggles: Mapping[str, bool]
    sources: Mapping[str, str]
    max_tags: int
    strip_emoji: bool
    match_overrides: Mapping[int, int]
    skip_not_found: bool
    trigger_plex_scan: bool
    only_organized: bool
    excluded_tags: frozenset[str]
    excluded_paths: tuple[str, ...]
    quality_gate: bool
    reconcile_interval: str
    reconcile_scope: Scope
    log_json: bool
    log_debug: bool
    obfuscate_paths: bool
    dead_letter_days: int
    process_minutes: int
    test_scene: int
    preserve_plex_edits: bool
    lock_fields: bool
    lock_collections: bool
    sync_groups: bool
    collection_prefix_group: str
    studio_format: str
    parent_studio_collections: str
    collection_prefix_studio: str
    genre_excluded_tags: TagSelection
    collection_tags: TagSelection
    collection_prefix_tag: str
    label_tags: TagSelection
    include_parent_tags: bool
    include_performer_tags: bool

    @field_validator("toggles", "sources", "match_overrides", mode="after")
    @classmethod
    def _freeze(cls, value: Mapping[object, object]) -> Mapping[object, object]:
        return MappingProxyType(dict(value))

    def field_enabled(self, name: str) -> bool:
        """Return True if the field of that name is written: master switch, a switch of the field,
        and a source.
        """
        field = BY_NAME[name]
        has_source = not field.sources or self.sources[name] != SOURCE_NONE
        is_switched_on = self.toggles[name] or any(map(self.is_on, field.switches))
        return self.sync_metadata and is_switched_on and has_source

    def is_on(self, setting: str) -> bool:
        """Return True if a setting that switches a field, or a part of its value, is on."""
        toggle = setting.removeprefix("sync_")
        value = self.toggles[toggle] if toggle in self.toggles else getattr(self, setting)
        return bool(value) and value != OFF

    def missing_required(self) -> tuple[str, ...]:
        """Return the display names of required settings that are unset; () if PlexSync can work."""
        held = {"plex_url": self.plex_url, "plex_token": self.plex_token.get_secret_value()}
        return tuple(
            setting.display_name
            for setting in SETTINGS
            if setting.required and not held[setting.name]
        )


@dataclass(frozen=True, slots=True)
class ConfigResult:
    """The settings as they count.

    Attributes:
        config: the values.
        warnings: one line for each value that could not be used.
        unknown: stored keys that mean nothing to PlexSync.
        problems: why a stored value is not used, by the setting's name.
    """

    config: PlexSyncConfig
    warnings: tuple[str, ...]
    unknown: tuple[str, ...]
    problems: Mapping[str, str] = field(default_factory=dict)


def read_config(raw: Mapping[str, object] | None, kept: KeptToken = NO_KEPT_TOKEN) -> ConfigResult:
    """Return the settings in what Stash has stored for PlexSync. Never raise.

    A key may stand with or without its group prefix and in snake or camel case; the one with the
    prefix wins. An unset value is the default, and so is an invalid one, with a warning. `kept` is
    the Plex token in the data folder, which counts unless a new one is stored in Stash.

    Examples:
        >>> reading = read_config({"plexUrl": "plex.local:32400", "c_max_tags": "many"})
        >>> reading.config.plex_url, reading.config.max_tags
        ('http://plex.local:32400', 100)
        >>> reading.config.missing_required()
        ('Plex token',)
        >>> len(reading.warnings)
        1
    """
    stored = _by_name(raw if isinstance(raw, Mapping) else {})
    found = {setting.name: _find(setting, stored) for setting in SETTINGS}
    tokens = typed_tokens(raw)
    secrets = (*_secrets(found), *tokens, *filter(None, [kept.token]))
    values: dict[str, object] = {}
    warnings: list[str] = []
    problems: dict[str, str] = {}
    for setting in SETTINGS:
        value = found[setting.name]
        try:
            values[setting.name] = read_setting(
                setting, setting.default if value is None else value
            )
        except ValueError as error:
            values[setting.name] = read_setting(setting, setting.default)
            shown = "the value" if setting.secret else _redact(value, secrets)
            warnings.append(_warning(setting.display_name, shown, error, setting))
            problems[setting.name] = str(error)
    values["plex_token"] = SecretStr(kept.choose(tokens))
    if found["plex_url"] is None:
        values["plex_url"] = _old_url(stored, secrets, warnings)
    return ConfigResult(_config(values), tuple(warnings), _unknown(raw), problems)


def spellings(setting: Setting, raw: Mapping[str, object] | None) -> tuple[str, ...]:
    """Return the stored keys that mean the setting, the one that counts first; () for none.

    >>> spellings(BY_SETTING["plex_url"], {"plexUrl": "", "a_plex_url": "", "c_max_tags": 7})
    ('a_plex_url', 'plexUrl')
    """
    keys = _ordered(raw if isinstance(raw, Mapping) else {})
    names = (setting.key, setting.name)
    return tuple(key for name in names for key in keys if _snake_case(key) == name)


def stored_value(setting: Setting, raw: Mapping[str, object] | None) -> object:
    """Return the stored value that means the setting, usable or not; None if it is unset."""
    return _find(setting, _by_name(raw if isinstance(raw, Mapping) else {}))


def typed_tokens(raw: Mapping[str, object] | None) -> tuple[str, ...]:
    """Return the usable Plex tokens in what Stash has stored, the one that counts first."""
    values = raw if isinstance(raw, Mapping) else {}
    read = (_usable_token(values[key]) for key in spellings(BY_SETTING["plex_token"], values))
    return tuple(dict.fromkeys(filter(None, read)))


def without_tokens(raw: Mapping[str, object]) -> dict[str, object]:
    """Return the stored settings with every spelling of the Plex token emptied.

    >>> without_tokens({"a_plex_token": "x", "plexToken": "y", "plexUrl": "plex"})
    {'a_plex_token': '', 'plexToken': '', 'plexUrl': 'plex'}
    """
    keys = spellings(BY_SETTING["plex_token"], raw)
    return {key: "" if key in keys else value for key, value in raw.items()}


def _usable_token(value: object) -> str:
    try:
        return read_token(read_text(value)).get_secret_value()
    except ValueError:
        return ""


def stored_names(raw: Mapping[str, object]) -> frozenset[str]:
    """Return the names of what is stored, set or not, as settings are named here."""
    return frozenset(_by_name(raw))


def _config(values: Mapping[str, object]) -> PlexSyncConfig:
    toggles = {field.name: values[f"sync_{field.name}"] for field in FIELDS}
    sources = {field.name: values[f"{field.name}_source"] for field in FIELDS if field.sources}
    return PlexSyncConfig.model_validate({**values, "toggles": toggles, "sources": sources})


def _snake_case(key: object) -> str:
    return _CAMEL_HUMP.sub("_", str(key).strip()).lower()


def _by_name(raw: Mapping[str, object]) -> dict[str, list[object]]:
    """Return values by normalised key; the exact spelling wins, then the first by alphabet."""
    stored: dict[str, list[object]] = {}
    for key in _ordered(raw):
        stored.setdefault(_snake_case(key), []).append(raw[key])
    return stored


def _ordered(raw: Mapping[str, object]) -> list[str]:
    return sorted(raw, key=lambda key: (str(key) != _snake_case(key), str(key)))


def _find(setting: Setting, stored: Mapping[str, list[object]]) -> object:
    """The first value that is set, None when there is none."""
    candidates = (*stored.get(setting.key, ()), *stored.get(setting.name, ()))
    return next((value for value in candidates if not is_unset(setting, value)), None)


def _secrets(found: Mapping[str, object]) -> tuple[str, ...]:
    """The secrets as they were typed: one pasted into another field must not show either."""
    typed = (found[setting.name] for setting in SETTINGS if setting.secret)
    return tuple(value.strip() for value in typed if isinstance(value, str))


def _old_url(
    stored: Mapping[str, list[object]], secrets: tuple[str, ...], warnings: list[str]
) -> str:
    """The address that another plugin with the same ID has stored; "" if none, with a warning if
    bad.
    """
    host, port = (next(iter(stored.get(key, ())), None) for key in (OLD_HOST, OLD_PORT))
    if host is None:
        return ""
    try:
        return read_old_url(read_text(host), "" if port is None else read_text(port))
    except ValueError as error:
        shown = f"{_redact(host, secrets)} with {_redact(port, secrets)}"
        setting = next(setting for setting in SETTINGS if setting.name == "plex_url")
        warnings.append(_warning("plexHost and plexPort", shown, error, setting))
        return ""


def _unknown(raw: object) -> tuple[str, ...]:
    known = {key for setting in SETTINGS for key in (setting.key, setting.name)} | {
        OLD_HOST,
        OLD_PORT,
    }
    keys = (str(key) for key in raw) if isinstance(raw, Mapping) else ()
    return tuple(
        sorted(
            key for key in keys if _snake_case(key) not in known and not _FOREIGN_KEY.fullmatch(key)
        )
    )


def _warning(title: str, shown: str, error: ValueError, setting: Setting) -> str:
    return f"{title}: {shown} is not usable ({error}); the default is used: {setting.default_text}"


def _redact(value: object, secrets: tuple[str, ...]) -> str:
    """A bad value on one short line, without a token or a login that was pasted into it."""
    if not isinstance(value, str | int | float):
        return f"a {type(value).__name__}"
    text = _to_text(value)
    for secret in secrets:
        text = text.replace(secret, "***")
    text = _LOGIN_IN_TEXT.sub("***@", _TOKEN_IN_TEXT.sub(r"\1***", text[:MAX_SEARCHED_CHARS]))
    return repr(text[:MAX_SHOWN_CHARS])


def _to_text(value: str | float) -> str:
    try:
        return str(value)
    except ValueError:  # Python refuses to write out integers of thousands of digits
        return "a very long number"
