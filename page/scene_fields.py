"""Show field by field what a scene asks for, what Plex shows, and what would be written. Pure."""

from collections.abc import Mapping

from core.field_values import FieldValue, is_empty, same_value
from core.fields import EDIT_FIELDS, IMAGE_FIELDS, Field
from core.send_history import Suspension
from core.text import format_value
from page.models.scene import FieldRow
from plex.plan import FieldOwner, owner_of_field
from plex.suspensions import suspended_fields
from sync.plan_items import PlannedItem
from validation.config import PlexSyncConfig
from validation.desired_values import desired_values
from validation.metadata import SyncMetadata
from validation.settings import BY_NAME as SETTINGS

MAX_CHARS = 2_000
COVER = "the scene's cover"
IMAGES_ARE_COMPARED_LATER = "Covers are compared when the scene is synced."
SUSPENDED = {
    Suspension.NOT_KEPT: "Plex does not keep this value, so it is no longer sent.",
    Suspension.OVERWRITTEN: "Another program replaces this value after each sync, so it is no "
    "longer sent.",
}
PRESERVED = f"Edited in Plex by hand; '{SETTINGS['preserve_plex_edits'].display_name}' keeps it."
NOT_CLEARED = "Stash has no value, and this one is not PlexSync's to clear."
OTHER_NAMES = "Names that were added in Plex stay."


def field_rows(
    scene: SyncMetadata, plan: PlannedItem, config: PlexSyncConfig
) -> tuple[FieldRow, ...]:
    """Return a row for each field of one item, in the order of the table of fields.

    `config` holds the settings of the item's library.
    """
    asked = desired_values(scene, _all_on(config))
    rows = [_edit_row(field, asked, plan, config) for field in EDIT_FIELDS]
    rows += [_image_row(field, plan, config) for field in IMAGE_FIELDS]
    return tuple(rows)


def _all_on(config: PlexSyncConfig) -> PlexSyncConfig:
    """Return the settings with every field switched on, to show what Stash has."""
    toggles = dict.fromkeys(config.toggles, True)
    return config.model_copy(update={"toggles": toggles, "sync_metadata": True})


def _edit_row(
    field: Field, asked: Mapping[str, FieldValue], plan: PlannedItem, config: PlexSyncConfig
) -> FieldRow:
    desired, present = asked.get(field.name), plan.item.values.get(field.name)
    change = next((one for one in plan.changes if one.field.name == field.name), None)
    owner = owner_of_field(field, desired, plan.item, plan.record)
    is_on = config.field_enabled(field.name)
    differs = is_on and field.name in asked and not same_value(field.kind, desired, present)
    note = _note(field, desired, plan, owner) if differs and change is None else ""
    return FieldRow(
        name=field.name,
        label=field.label,
        stash=format_value(desired, MAX_CHARS),
        plex=format_value(present, MAX_CHARS),
        write=None if change is None else format_value(change.value, MAX_CHARS),
        owner=owner.value,
        is_locked=field.plex in plan.item.locked,
        is_on=is_on,
        note=note,
    )


def _note(field: Field, desired: FieldValue, plan: PlannedItem, owner: FieldOwner) -> str:
    """Return why a field that differs is not written."""
    if plan.owner is not None:
        return f"The item shows scene {plan.owner}."
    suspension = suspended_fields(plan.record).get(field.name) if plan.record else None
    if suspension in SUSPENDED:
        return SUSPENDED[suspension]
    if any(change.field.name == field.name for change in plan.overwritten):
        return SUSPENDED[Suspension.OVERWRITTEN]
    if is_empty(desired):
        return NOT_CLEARED
    if isinstance(desired, tuple):
        return OTHER_NAMES
    return PRESERVED if owner is FieldOwner.HAND else ""


def _image_row(field: Field, plan: PlannedItem, config: PlexSyncConfig) -> FieldRow:
    shown = plan.item.images.get(field.name, "")
    known = plan.record.images.get(field.name) if plan.record else None
    owner = FieldOwner.PLEX if shown else FieldOwner.NONE
    if shown and known is not None and known.is_by_hand:
        owner = FieldOwner.HAND
    elif shown and known is not None and known.sha1 and known.item_path == shown:
        owner = FieldOwner.STASH
    is_on = config.field_enabled(field.name)
    return FieldRow(
        name=field.name,
        label=field.label,
        stash=COVER,
        plex=shown,
        write=None,
        owner=owner.value,
        is_locked=field.plex in plan.item.locked,
        is_on=is_on,
        note=IMAGES_ARE_COMPARED_LATER if is_on else "",
    )
