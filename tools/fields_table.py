"""The table of docs/writing.md: what PlexSync does with each field, told from the rows that decide it."""

from core.fields import FIELDS, ClearRule, Field, Kind, RemovalRule
from tools.generated_sections import table
from validation.desired_values import TAGS

_KEPT = "Plex keeps its own"
_CLEARS = {
    ClearRule.ALWAYS: "emptied",
    ClearRule.NEVER: _KEPT,
    ClearRule.OWN_ONLY: "emptied, if PlexSync set it",
}
_MUST_GO = {
    RemovalRule.ALL_OTHERS: "names that Stash does not have",
    RemovalRule.OWN_ONLY: "only names that PlexSync added",
}
_LIMITS = {
    Kind.TEXT: "{:,} characters",
    Kind.DATE: "a day of the calendar",
    Kind.RATING: "0 to {}",
    Kind.NAMES: "{} names",
    Kind.IMAGE: "{:,} bytes",
}


def fields_table() -> str:
    """One row per synced field, in the order of the table of fields."""
    headings = (
        "Field",
        "Where Stash has nothing",
        "What is taken off",
        "At most",
        "Locked",
        "At first",
    )
    return table(headings, map(_row, FIELDS))


def _row(field: Field) -> tuple[str, ...]:
    is_image = field.kind is Kind.IMAGE
    must_go = _MUST_GO[field.removal_rule] if field.kind is Kind.NAMES else ""
    return (
        field.label,
        _KEPT
        if is_image
        else must_go
        if field.removal_rule is RemovalRule.OWN_ONLY
        else _CLEARS[field.clear_rule],
        must_go,
        "*Most tags*" if field.name == TAGS else _LIMITS[field.kind].format(field.limit),
        "by Plex" if is_image else "yes" if field.locks else "no",
        _at_first(field),
    )


def _at_first(field: Field) -> str:
    """Whether the field is written under the default settings."""
    if field.sources:
        return f"off; *Source of the {field.name}* takes {' or '.join(field.sources[1:])}"
    return "on" if field.default_on else "off"
