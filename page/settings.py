"""Answer the calls about settings: what counts now, and what is wrong with new values."""

from collections.abc import Mapping

from page.library_rules import first_problem, rule_rows
from page.models.base import NoArguments, SettingValue
from page.models.settings import (
    CheckedSettings,
    CheckSettings,
    SettingGroup,
    SettingRow,
    SettingsAnswer,
    TokenPlace,
)
from tasks.context import TaskContext
from validation.config import RULES, ConfigResult, read_config
from validation.kept_token import KeptToken
from validation.setting import Setting, SettingType
from validation.setting_values import is_unset, read_setting, read_text
from validation.settings import BY_NAME, SETTINGS
from validation.stored_settings import spellings, stored_value, typed_tokens

GROUPS: Mapping[str, str] = {
    "connection": "Connection",
    "libraries": "Libraries and paths",
    "matching": "Matching",
    "fields": "Fields",
    "writing": "Writing",
    "reconciliation": "Reconciliation",
    "log": "Log",
    "tasks": "Tasks",
}
"""Titles of the groups by their ids, in the order of use."""

# A stored key begins with a group of its own, and cannot change.
_OF_KEY = {
    "a": "connection",
    "b": "matching",
    "c": "writing",
    "d": "reconciliation",
    "e": "log",
    "f": "tasks",
}
_OF_NAME = {
    "plex_libraries": "libraries",
    "path_map": "libraries",
    "library_rules": "libraries",
}


def settings(context: TaskContext, arguments: NoArguments) -> SettingsAnswer:
    """Return every setting as it counts now.

    Raises:
        TaskFailed, StashUnavailable, StashQueryError: Stash does not say what is stored.
    """
    return describe_settings(context.stash_client().settings(), context.tokens.load())


def check_settings(context: TaskContext, arguments: CheckSettings) -> CheckedSettings:
    """Return what is wrong with values that are about to be saved; send nothing."""
    found = {name: check_value(name, value) for name, value in arguments.changes.items()}
    return CheckedSettings(errors={name: text for name, text in found.items() if text})


def describe_settings(raw: Mapping[str, object], kept: KeptToken) -> SettingsAnswer:
    """Return the rows for what Stash has stored and the token in the data folder. Pure."""
    result = read_config(raw, kept)
    rows = [_row(setting, raw, result) for setting in SETTINGS]
    order = list(GROUPS)
    return SettingsAnswer(
        groups=tuple(SettingGroup(id=key, title=title) for key, title in GROUPS.items()),
        rows=tuple(sorted(rows, key=lambda row: order.index(row.group))),
        rules=rule_rows(str(stored_value(RULES, raw) or "")),
        token=_token_place(raw, kept),
        unknown=result.unknown,
    )


def check_value(name: str, value: SettingValue) -> str:
    """Return what is wrong with a value for the setting of that name; "" if it can be saved.

    Examples:
        >>> check_value("max_tags", 7.5)
        'This value cannot be used: not a whole number. From 1 to 1000 tags.'
    """
    setting = BY_NAME.get(name)
    if setting is None:
        return "PlexSync has no such setting. Reload the page."
    try:
        if not is_unset(setting, value):
            read_setting(setting, value)
        if setting is RULES and (problem := first_problem(read_text(value))):
            raise ValueError(problem)
    except ValueError as error:
        return f"This value cannot be used: {error}. {setting.range_text}".strip()
    return ""


def group_of(setting: Setting) -> str:
    """Return the id of the group that the page shows the setting in."""
    if setting.name in _OF_NAME:
        return _OF_NAME[setting.name]
    is_field = setting.name.startswith("sync_") or setting.name.endswith("_source")
    return "fields" if is_field else _OF_KEY[setting.group]


def _row(setting: Setting, raw: Mapping[str, object], result: ConfigResult) -> SettingRow:
    value = _value(setting, raw, result)
    is_set = stored_value(setting, raw) is not None
    if setting.secret:
        is_set = bool(result.config.plex_token.get_secret_value())
    return SettingRow(
        name=setting.name,
        key=setting.key,
        spellings=spellings(setting, raw),
        group=group_of(setting),
        type=setting.type.value,
        label=setting.display_name,
        purpose=setting.purpose,
        default_text=setting.default_text,
        unit=setting.unit,
        lowest=setting.lowest,
        highest=setting.highest,
        choices=setting.choices,
        per_library=setting.per_library,
        is_whole=setting.type is SettingType.NUMBER and setting.is_whole,
        is_secret=setting.secret,
        is_required=setting.required,
        value=value,
        default=setting.default,
        is_set=is_set,
        is_default=not is_set if setting.secret else value == setting.default,
        problem=_problem(setting, result),
    )


def _value(setting: Setting, raw: Mapping[str, object], result: ConfigResult) -> SettingValue:
    """The value that counts, as the user may type it; "" for a secret."""
    if setting.secret:
        return ""
    if setting.name == "plex_url":
        return result.config.plex_url  # also an address that another plugin has stored
    stored = stored_value(setting, raw)
    if stored is None or setting.name in result.problems:
        return setting.default
    typed = read_setting(setting, stored)
    if isinstance(typed, bool | int | float | str):
        return typed
    return read_text(stored)  # a list or a mapping, as it was typed


def _problem(setting: Setting, result: ConfigResult) -> str:
    reason = result.problems.get(setting.name)
    if reason is None:
        return ""
    if setting.secret:
        return f"What Stash has stored here is not used: {reason}."
    return (
        f"The stored value is not used: {reason}. The default is used instead: "
        f"{setting.default_text}. {setting.range_text}"
    ).strip()


def _token_place(raw: Mapping[str, object], kept: KeptToken) -> TokenPlace:
    if kept.new_tokens(typed_tokens(raw)):
        return "settings"
    return "file" if kept.token else "none"
