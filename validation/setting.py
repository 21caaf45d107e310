"""Define what one setting is: its type, its limits and its texts."""

from dataclasses import dataclass
from enum import Enum

FIELD_GROUP = "c"


class SettingType(Enum):
    """The types of settings that Stash has."""

    STRING = "STRING"
    NUMBER = "NUMBER"
    BOOLEAN = "BOOLEAN"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    Attributes:
        name: our name, also the attribute of the settings model.
        group: the character before the name in the key, because Stash's page sorts by key.
        default: what an unset value means; a whole number as default asks for whole numbers.
        display_name: the label on Stash's page; other texts that name the setting use it too.
        purpose: what it does, in one or two sentences; `description` adds range and default.
        default_note: what an empty default means, if the user needs to know.
        unit: of a number.
        lowest: the lowest number that is accepted.
        highest: the highest number that is accepted.
        choices: the only texts that are accepted.
        secret: True if it must not appear in warnings, logs or reports.
        is_general: True if it cannot be another one in single libraries; see `per_library`.
        required: True if PlexSync cannot write to Plex without it.
    """

    name: str
    group: str
    type: SettingType
    default: str | float | bool
    display_name: str
    purpose: str
    default_note: str = ""
    unit: str = ""
    lowest: float = 0
    highest: float = 0
    choices: tuple[str, ...] = ()
    secret: bool = False
    required: bool = False
    is_general: bool = False

    @property
    def key(self) -> str:
        """Return the name under which Stash stores the setting."""
        return f"{self.group}_{self.name}"

    @property
    def per_library(self) -> bool:
        """Return True if a library rule may set it: settings of fields, unless they are general."""
        return self.group == FIELD_GROUP and not self.is_general

    @property
    def is_whole(self) -> bool:
        """Return True if only whole numbers are accepted."""
        return isinstance(self.default, int)

    @property
    def default_text(self) -> str:
        """Return the default as text for users."""
        if isinstance(self.default, bool):
            return "on" if self.default else "off"
        if isinstance(self.default, int | float):
            return " ".join(filter(None, (f"{self.default:g}", self.unit)))
        return self.default or self.default_note or "empty"

    @property
    def range_text(self) -> str:
        """Return what is accepted, as text for users; "" if the type says enough."""
        if self.choices:
            return "One of: " + ", ".join(self.choices) + "."
        if self.type is SettingType.NUMBER:
            return (
                " ".join(filter(None, (f"From {self.lowest:g} to {self.highest:g}", self.unit)))
                + "."
            )
        return ""

    @property
    def description(self) -> str:
        """Return purpose, range and default as one line."""
        return " ".join(
            filter(None, (self.purpose, self.range_text, f"Default: {self.default_text}."))
        )
