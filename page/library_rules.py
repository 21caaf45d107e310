"""Answer the calls about library rules: what is stored, and what is wrong with new ones."""

from page.models.base import SettingValue
from page.models.rules import CheckedRules, CheckRules, RuleRow
from tasks.context import TaskContext
from validation.library_rules import RuleProblem, check_rules, rule_setting
from validation.rule_entries import (
    MAX_RULES_CHARS,
    RuleEntry,
    read_rule_entries,
    write_rule_entries,
)
from validation.setting_values import is_unset, read_setting

TOO_LONG = "The rules are longer than {limit:,} characters. Remove some of them."


def check_library_rules(context: TaskContext, arguments: CheckRules) -> CheckedRules:
    """Return the text to store, and what is wrong with each row; send nothing."""
    entries = [RuleEntry(one.library, one.setting, one.value) for one in arguments.rules]
    problems = check_rules(entries).problems
    errors = {str(problem.place): error_text(problem) for problem in problems}
    if errors:
        return CheckedRules(text="", errors=errors, problem="")
    text = write_rule_entries(map(_typed, entries))
    is_too_long = len(text) > MAX_RULES_CHARS
    problem = TOO_LONG.format(limit=MAX_RULES_CHARS) if is_too_long else ""
    return CheckedRules(text=text, errors={}, problem=problem)


def rule_rows(text: str) -> tuple[RuleRow, ...]:
    """Return the stored rules as rows; () where the text cannot be read. Pure."""
    try:
        entries = read_rule_entries(text)
    except ValueError:
        return ()
    errors = {problem.place: error_text(problem) for problem in check_rules(entries).problems}
    return tuple(_row(entry, errors.get(place, "")) for place, entry in enumerate(entries))


def first_problem(text: str) -> str:
    """Return what is wrong with the first bad rule of a text, "" for nothing. Pure.

    Raises:
        ValueError: the text cannot be read at all.
    """
    problems = check_rules(read_rule_entries(text)).problems
    return problems[0].text.rstrip(".") if problems else ""


def error_text(problem: RuleProblem) -> str:
    """Return what is wrong with one row, as a sentence."""
    return f"This rule cannot be used: {problem.reason.rstrip('.')}."


def _row(entry: RuleEntry, error: str) -> RuleRow:
    setting = rule_setting(entry)
    name = entry.setting if setting is None else setting.name
    value: SettingValue = entry.value if isinstance(entry.value, bool | int | float | str) else ""
    return RuleRow(library=entry.library, setting=name, value=value, error=error)


def _typed(entry: RuleEntry) -> RuleEntry:
    """Return the entry with its value in the setting's own type: `5` for a typed "5"."""
    setting = rule_setting(entry)
    if setting is None or is_unset(setting, entry.value):
        return entry
    value = read_setting(setting, entry.value)
    if not isinstance(value, bool | int | float | str):
        value = entry.value  # a list, as it was typed
    return RuleEntry(entry.library, setting.name, value)
