"""Define the calls about library rules."""

from pydantic import Field

from page.models.base import Answer, Arguments, SettingValue


class RuleRow(Answer):
    """One library rule: a library's title, a setting's name and a value, and what is wrong with it.

    Attributes:
        setting: the name of a setting, or what is stored in its place.
        value: as it is stored; "" for one that no setting has.
        error: why the rule is not used, "" where it is.
    """

    library: str
    setting: str
    value: SettingValue
    error: str


class TypedRule(Arguments):
    """One library rule as the user typed it."""

    library: str = Field(max_length=1_000)
    setting: str = Field(max_length=200)
    value: SettingValue


class CheckRules(Arguments):
    """The library rules that the user is about to save."""

    rules: tuple[TypedRule, ...] = Field(max_length=500)


class CheckedRules(Answer):
    """The rules as they are stored, and what is wrong with them.

    Attributes:
        text: the value of the setting; "" for no rules.
        errors: text by row number of a rule that cannot be used.
        problem: what is wrong with all of them together, "" for nothing.
    """

    text: str
    errors: dict[str, str]
    problem: str
