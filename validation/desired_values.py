"""What Plex should show for a scene under the present settings: cleaned, bounded, switched-on
fields only.
"""

from collections.abc import Callable

from core.field_values import FieldValue
from core.fields import EDIT_FIELDS, IMAGE_FIELDS, Field, Kind
from validation.collection_sources import collection_attributes, collection_names
from validation.config import PlexSyncConfig
from validation.limits import SINGLE_LINE_CHARS
from validation.metadata import SyncMetadata
from validation.sanitizers import clean_names, clean_text
from validation.scene_tags import genre_names, label_names, tag_attributes
from validation.studio_format import studio_name

TAGS = "tags"

COMPOSED: dict[str, Callable[[SyncMetadata, PlexSyncConfig], FieldValue]] = {
    "studio": studio_name,
    "tags": genre_names,
    "collection": collection_names,
    "labels": label_names,
}
"""What makes the value of a field that is more than an attribute of the scene, by its name."""

COMPOSED_OF: dict[str, Callable[[PlexSyncConfig], tuple[str, ...]]] = {
    "tags": tag_attributes,
    "collection": collection_attributes,
    "labels": tag_attributes,
}
"""The attributes of the scene that a composed value needs, by the name of its field."""


def desired_values(scene: SyncMetadata, config: PlexSyncConfig) -> dict[str, FieldValue]:
    """Return the value of every enabled edit field by name, in table order; empty is "", () or
    None.
    """
    return {
        field.name: _CLEANERS[field.kind](_value(field, scene, config), field, config)
        for field in EDIT_FIELDS
        if config.field_enabled(field.name) and _is_known(field, scene, config)
    }


def desired_images(config: PlexSyncConfig) -> tuple[Field, ...]:
    """Return the image fields that are enabled, in table order."""
    return tuple(field for field in IMAGE_FIELDS if config.field_enabled(field.name))


def _value(field: Field, scene: SyncMetadata, config: PlexSyncConfig) -> FieldValue:
    make = COMPOSED.get(field.name)
    value: FieldValue = make(scene, config) if make else getattr(scene, _attribute(field, config))
    return value


def _is_known(field: Field, scene: SyncMetadata, config: PlexSyncConfig) -> bool:
    needs = COMPOSED_OF.get(field.name)
    attributes = needs(config) if needs else (_attribute(field, config),)
    return all(map(scene.is_known, attributes))


def _attribute(field: Field, config: PlexSyncConfig) -> str:
    """The attribute of `SyncMetadata` that holds the value."""
    return config.sources[field.name] if field.sources else field.stash


def _text(value: str, field: Field, config: PlexSyncConfig) -> str:
    return clean_text(
        value,
        field.limit,
        keep_newlines=field.limit > SINGLE_LINE_CHARS,
        strip_emoji=config.strip_emoji,
        compose=True,
    )


def _names(value: tuple[str, ...], field: Field, config: PlexSyncConfig) -> tuple[str, ...]:
    limit = config.max_tags if field.name == TAGS else field.limit
    return clean_names(value, limit, strip_emoji=config.strip_emoji)


def _as_it_is(value: FieldValue, field: Field, config: PlexSyncConfig) -> FieldValue:
    """Dates and ratings, which were cleaned when the scene was read."""
    return value


_CLEANERS: dict[Kind, Callable[..., FieldValue]] = {
    Kind.TEXT: _text,
    Kind.NAMES: _names,
    Kind.DATE: _as_it_is,
    Kind.RATING: _as_it_is,
}
