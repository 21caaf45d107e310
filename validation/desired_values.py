"""What Plex should show for a scene under the present settings: cleaned, bounded, switched-on
fields only.
"""

from collections.abc import Callable, Mapping

from core.field_values import FieldValue
from core.fields import EDIT_FIELDS, IMAGE_FIELDS, Field, Kind
from validation.collection_sources import collection_attributes, collection_names
from validation.config import PlexSyncConfig
from validation.directors import split_directors
from validation.limits import SINGLE_LINE_CHARS
from validation.metadata import SyncMetadata
from validation.performer_names import performer_names
from validation.role_texts import make_roles, role_attributes
from validation.sanitizers import clean_names, clean_text
from validation.scene_tags import genre_names, label_names, tag_attributes
from validation.studio_format import studio_name
from validation.titles import make_sort_title, make_title, sort_title_attributes, title_attributes


def _directors(scene: SyncMetadata, config: PlexSyncConfig) -> tuple[str, ...]:
    return split_directors(scene.director)


def _content_rating(scene: SyncMetadata, config: PlexSyncConfig) -> str:
    return config.content_rating.of(scene.tags)


COMPOSED: Mapping[str, Callable[[SyncMetadata, PlexSyncConfig], FieldValue]] = {
    "title": make_title,
    "sort_title": make_sort_title,
    "studio": studio_name,
    "performers": performer_names,
    "roles": make_roles,
    "director": _directors,
    "content_rating": _content_rating,
    "tags": genre_names,
    "collection": collection_names,
    "labels": label_names,
}
"""What makes the value of a field that is more than an attribute of the scene, by its name."""

SHOWN_ATTRIBUTES: Mapping[str, Callable[[PlexSyncConfig], frozenset[str]]] = {
    "title": title_attributes,
    "sort_title": sort_title_attributes,
    "roles": role_attributes,
    "tags": tag_attributes,
    "collection": collection_attributes,
    "labels": tag_attributes,
}
"""The attributes of a scene from which such a value is made, where the settings decide on them."""


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
    """Whether Stash was asked for all that the value is made of; for almost every scene it was."""
    return not scene.left_out or all(map(scene.is_known, _attributes(field, config)))


def _attributes(field: Field, config: PlexSyncConfig) -> frozenset[str]:
    """The attributes of `SyncMetadata` without which the value is not known."""
    shown = SHOWN_ATTRIBUTES.get(field.name)
    return shown(config) if shown else frozenset({_attribute(field, config)})


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
    limit = getattr(config, field.limit_setting) if field.limit_setting else field.limit
    return clean_names(value, limit, strip_emoji=config.strip_emoji)


def _as_it_is(value: FieldValue, field: Field, config: PlexSyncConfig) -> FieldValue:
    """Dates and ratings, cleaned when they were read, and roles, when they were made."""
    return value


_CLEANERS: dict[Kind, Callable[..., FieldValue]] = {
    Kind.TEXT: _text,
    Kind.NAMES: _names,
    Kind.ROLES: _as_it_is,
    Kind.DATE: _as_it_is,
    Kind.RATING: _as_it_is,
}
