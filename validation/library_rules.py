"""Decide which library rules count: other values of some settings for the items of one library."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from core.folding import plain_form
from validation.limits import MAX_SHOWN_CHARS
from validation.rule_entries import RuleEntry
from validation.setting import Setting
from validation.setting_values import is_unset, read_setting
from validation.settings import BY_KEY, BY_NAME


@dataclass(frozen=True, slots=True)
class RuleProblem:
    """Why one entry is not used. `place` counts the entries from 0."""

    place: int
    library: str
    setting: str
    reason: str

    @property
    def text(self) -> str:
        """Return the problem with the names of library and setting."""
        where = f"library {self.library[:MAX_SHOWN_CHARS]!r}"
        return f"{where}, setting {self.setting[:MAX_SHOWN_CHARS]!r}: {self.reason}"


@dataclass(frozen=True, slots=True)
class LibraryRules:
    """The rules that count, and what is wrong with the others.

    Attributes:
        values: the typed values by the library's title, as it is written first, and by setting.
        problems: one for each entry that is not used.
    """

    values: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    problems: tuple[RuleProblem, ...] = ()


def check_rules(entries: Iterable[RuleEntry]) -> LibraryRules:
    """Return the rules in these entries. An unset value means the setting's default. Never raise.

    Examples:
        >>> rules = check_rules([RuleEntry("A", "max_tags", 5), RuleEntry("A", "plex_url", "x")])
        >>> rules.values
        {'A': {'max_tags': 5}}
        >>> rules.problems[0].text
        "library 'A', setting 'plex_url': a library rule cannot set it"
    """
    titles: dict[str, str] = {}
    values: dict[str, dict[str, object]] = {}
    problems = []
    for place, entry in enumerate(entries):
        title = titles.setdefault(plain_form(entry.library), entry.library.strip())
        try:
            setting = _setting(entry)
            if setting.name in values.get(title, {}):
                raise ValueError("it stands twice for this library")
            values.setdefault(title, {})[setting.name] = _value(setting, entry.value)
        except ValueError as error:
            problems.append(RuleProblem(place, entry.library, entry.setting, str(error)))
    return LibraryRules(values, tuple(problems))


def rule_setting(entry: RuleEntry) -> Setting | None:
    """Return the setting of an entry, by its name or its stored key; None if there is none."""
    name = entry.setting.strip()
    return BY_NAME.get(name) or BY_KEY.get(name)


def _setting(entry: RuleEntry) -> Setting:
    if not entry.library.strip():
        raise ValueError("the library has no name")
    setting = rule_setting(entry)
    if setting is None:
        raise ValueError("PlexSync has no such setting")
    if not setting.per_library:
        raise ValueError("a library rule cannot set it")
    return setting


def _value(setting: Setting, value: object) -> object:
    if is_unset(setting, value):
        return read_setting(setting, setting.default)
    try:
        return read_setting(setting, value)
    except ValueError as error:
        raise ValueError(f"{error}. {setting.range_text}".strip()) from error
