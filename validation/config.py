"""Reads Stash's settings once into one frozen model; no value keeps PlexSync from starting."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import cast

from pydantic import BaseModel, ConfigDict, SecretStr, field_validator

from core.fields import BY_NAME, FIELDS
from core.folding import plain_form
from validation.content_rating import ContentRating
from validation.kept_token import NO_KEPT_TOKEN, KeptToken
from validation.library_rules import LibraryRules, check_rules
from validation.rule_entries import RuleEntry
from validation.scope import Scope
from validation.setting import Setting
from validation.setting_values import PathPairs, read_old_url, read_setting, read_text
from validation.settings import BY_NAME as BY_SETTING
from validation.settings import SETTINGS
from validation.shown_value import redact_value, without_secrets
from validation.stored_settings import find_value, snake_case, typed_tokens, values_by_name
from validation.tag_selection import TagSelection
from validation.text_format import TextFormat

SOURCE_NONE = "none"
OFF = "off"
"""The choice of a setting with which it switches nothing on."""
RULES = BY_SETTING["library_rules"]

OLD_HOST = "plex_host"
OLD_PORT = "plex_port"
# Settings of another plugin with the same ID, which share our storage and mean nothing here.
_FOREIGN_KEY = re.compile(r"tagStashIDs|skipUnorganized|cleanTitles|tagID_.*", re.DOTALL)


class PlexSyncConfig(BaseModel):
    """Every setting, typed and within its range. `toggles` and `sources` are keyed by field name,
    of the fields that have them. No `performer_genders` means all.

    `match_overrides` maps a scene to Plex's rating key, or to `NEVER`; `excluded_tags` are
    in their broad form, `required_tags` in their plain form. `min_rating` is 0 to 100, 0 for none.
    `library_rules` are the settings of each library that has rules, by its title.
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
    title_format: TextFormat
    title_from_file: bool
    sort_title_format: TextFormat
    performer_genders: frozenset[str]
    performer_order: str
    performer_disambiguation: str
    max_performers: int
    role_format: TextFormat
    content_rating: ContentRating
    max_tags: int
    strip_emoji: bool
    match_overrides: Mapping[int, int]
    skip_not_found: bool
    trigger_plex_scan: bool
    only_organized: bool
    excluded_tags: frozenset[str]
    excluded_paths: tuple[str, ...]
    required_stash_id: bool
    required_tags: frozenset[str]
    included_paths: tuple[str, ...]
    min_rating: int
    on_excluded: str
    library_rules: Mapping[str, "PlexSyncConfig"]
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

    @field_validator("toggles", "sources", "match_overrides", "library_rules", mode="after")
    @classmethod
    def _freeze(cls, value: Mapping[object, object]) -> Mapping[object, object]:
        return MappingProxyType(dict(value))

    def field_enabled(self, name: str) -> bool:
        """Return True if the field of that name is written: master switch, a switch of the field,
        a source, and the setting that makes its value; as far as it has them.
        """
        field = BY_NAME[name]
        has_source = not field.sources or self.sources[name] != SOURCE_NONE
        has_value = not field.enabled_by or bool(getattr(self, field.enabled_by))
        is_switched_on = self.toggles.get(name, True) or any(map(self.is_on, field.switches))
        return self.sync_metadata and is_switched_on and has_source and has_value

    def is_on(self, setting: str) -> bool:
        """Return True if a setting that switches a field, or a part of its value, is on."""
        toggle = setting.removeprefix("sync_")
        value = self.toggles[toggle] if toggle in self.toggles else getattr(self, setting)
        return bool(value) and value != OFF

    def for_library(self, title: str) -> "PlexSyncConfig":
        """Return the settings for the items of the library with this title.

        Case, blanks and the Unicode form of the title do not count.
        """
        form = plain_form(title) if self.library_rules else ""
        for name, config in self.library_rules.items():
            if plain_form(name) == form:
                return config
        return self

    @property
    def variants(self) -> tuple["PlexSyncConfig", ...]:
        """Return these settings and those of each library that has rules."""
        return (self, *self.library_rules.values())

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
    stored = values_by_name(raw if isinstance(raw, Mapping) else {})
    found = {setting.name: find_value(setting, stored) for setting in SETTINGS}
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
            shown = "the value" if setting.secret else redact_value(value, secrets)
            warnings.append(_warning(setting.display_name, shown, error, setting))
            problems[setting.name] = str(error)
    values["plex_token"] = SecretStr(kept.choose(tokens))
    rules = check_rules(cast("tuple[RuleEntry, ...]", values["library_rules"]))
    warnings += _rule_warnings(rules, secrets)
    if found["plex_url"] is None:
        values["plex_url"] = _old_url(stored, secrets, warnings)
    return ConfigResult(_config(values, rules), tuple(warnings), _unknown(raw), problems)


def _config(values: Mapping[str, object], rules: LibraryRules) -> PlexSyncConfig:
    general = _one_config({**values, "library_rules": {}})
    of_libraries = {
        title: _one_config({**values, **changed, "library_rules": {}})
        for title, changed in rules.values.items()
    }
    return general.model_copy(update={"library_rules": MappingProxyType(of_libraries)})


def _rule_warnings(rules: LibraryRules, secrets: tuple[str, ...]) -> list[str]:
    texts = [without_secrets(problem.text, secrets).rstrip(".") for problem in rules.problems]
    return [f"{RULES.display_name}: {text}. This rule is not used." for text in texts]


def _one_config(values: Mapping[str, object]) -> PlexSyncConfig:
    toggles = {field.name: values[field.toggle] for field in FIELDS if field.has_toggle}
    sources = {field.name: values[f"{field.name}_source"] for field in FIELDS if field.sources}
    return PlexSyncConfig.model_validate({**values, "toggles": toggles, "sources": sources})


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
        shown = f"{redact_value(host, secrets)} with {redact_value(port, secrets)}"
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
            key for key in keys if snake_case(key) not in known and not _FOREIGN_KEY.fullmatch(key)
        )
    )


def _warning(title: str, shown: str, error: ValueError, setting: Setting) -> str:
    return f"{title}: {shown} is not usable ({error}); the default is used: {setting.default_text}"
