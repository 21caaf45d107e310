"""The settings under which every field of the table is written."""

from __future__ import annotations

from core.fields import FIELDS

_VALUES = {
    "sort_title_format": "{studio} {date}",
    "content_rating": "XXX",
    "role_format": "{gender}",
}
"""Of the settings that make a field's value and switch it on."""
_SOURCES = {"tagline": "director", "original_title": "code", "background": "cover"}

EVERY_FIELD_ON: dict[str, object] = {
    **{f"c_{field.toggle}": True for field in FIELDS if field.has_toggle},
    **{f"c_{field.name}_source": _SOURCES[field.name] for field in FIELDS if field.sources},
    **{f"c_{field.enabled_by}": _VALUES[field.enabled_by] for field in FIELDS if field.enabled_by},
}
EVERYTHING_ON: dict[str, object] = {
    **EVERY_FIELD_ON,
    "c_sync_groups": True,
    "c_parent_studio_collections": "all",
    "c_collection_tags": "rails > *",
    "c_include_parent_tags": True,
    "c_include_performer_tags": True,
}
"""Besides, what makes further values of these fields."""


def switches_of(name: str) -> dict[str, object]:
    """Each setting that switches the field, with a value that switches it off; maybe several."""
    (field,) = (field for field in FIELDS if field.name == name)
    switches: dict[str, object] = {}
    if field.has_toggle:
        switches[f"c_{field.toggle}"] = False
    if field.sources:
        switches[f"c_{name}_source"] = "none"
    if field.enabled_by:
        switches[f"c_{field.enabled_by}"] = ""
    return switches


def only(name: str) -> dict[str, object]:
    """The settings under which one field alone is written."""
    off: dict[str, object] = {}
    for field in FIELDS:
        if field.name != name:
            off.update(switches_of(field.name))
    return {**EVERY_FIELD_ON, **off}
