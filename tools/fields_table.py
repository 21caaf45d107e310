"""Write the table of docs/writing.md: what PlexSync does with each field, from the code's rows."""

from core.fields import FIELDS, ClearRule, Field, Kind, LockRule, RemovalRule
from tools.generated_sections import table
from validation.settings import BY_NAME

_KEEP = "Plex keeps its own"
_CLEARS = {
    ClearRule.ALWAYS: "cleared",
    ClearRule.NEVER: _KEEP,
    ClearRule.OWN_ONLY: "cleared, if PlexSync set it",
}
_REMOVED = {
    RemovalRule.ALL_OTHERS: "names that Stash does not have",
    RemovalRule.OWN_ONLY: "only names that PlexSync added",
}
_LOCKED = {
    LockRule.LOCK_FIELDS: "yes",
    LockRule.LOCK_COLLECTIONS: f"only with *{BY_NAME['lock_collections'].display_name}*",
    LockRule.NEVER: "no",
    LockRule.BY_PLEX: "by Plex",
}
_LIMITS = {
    Kind.TEXT: "{:,} characters",
    Kind.DATE: "a calendar date",
    Kind.RATING: "0 to {}",
    Kind.NAMES: "{} names",
    Kind.IMAGE: "{:,} bytes",
}


def fields_table() -> str:
    """Return the Markdown table: one row per synced field, in the order of the table of fields."""
    headings = ("Field", "If Stash has no value", "Removed in Plex", "Limit", "Locked", "Default")
    return table(headings, map(_row, FIELDS))


def _row(field: Field) -> tuple[str, ...]:
    removed = _REMOVED[field.removal_rule] if field.kind is Kind.NAMES else ""
    return (
        field.label,
        _when_empty(field, removed),
        removed,
        _limit(field),
        _LOCKED[field.lock_rule],
        _default(field),
    )


def _when_empty(field: Field, removed: str) -> str:
    """Return what an empty value in Stash does to Plex."""
    if field.kind is Kind.IMAGE:
        return _KEEP
    return removed if field.removal_rule is RemovalRule.OWN_ONLY else _CLEARS[field.clear_rule]


def _limit(field: Field) -> str:
    if field.limit_setting:
        return f"*{BY_NAME[field.limit_setting].display_name}*"
    return _LIMITS[field.kind].format(field.limit)


def _default(field: Field) -> str:
    """Return whether the field is written under the default settings."""
    if field.sources:
        source = BY_NAME[f"{field.name}_source"].display_name
        return f"off; *{source}* can be {' or '.join(field.sources[1:])}"
    if field.enabled_by:
        return f"off; *{BY_NAME[field.enabled_by].display_name}* switches it on"
    return "on" if field.default_on else "off"
