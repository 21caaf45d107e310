"""The table of what becomes a collection in Plex: several sources feed one field.

To add a source, add a row here, its setting to the table of settings, and the setting's name to
the row of the field in `core/fields.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from validation.config import PlexSyncConfig
from validation.metadata import SyncMetadata
from validation.sanitizers import clean_name
from validation.scene_tags import collection_tag_names, tag_attributes

Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CollectionSource:
    """One source of an item's collections.

    Attributes:
        setting: the setting that switches it on.
        attribute: the attribute of `SyncMetadata` that it needs: unknown, no collection is written.
        names: return the names that a scene has of it, before cleaning and prefix.
        prefix: return what is put before each name and a blank; "" for nothing.
    """

    setting: str
    attribute: str
    names: Callable[[SyncMetadata, PlexSyncConfig], Names]
    prefix: Callable[[PlexSyncConfig], str] = lambda config: ""


ALL_PARENTS = "all"
"""The choice of *Parent studios as collections* that needs everything above a studio."""
TAGS = "tags"


def _studio_prefix(config: PlexSyncConfig) -> str:
    return config.collection_prefix_studio


def _studio(scene: SyncMetadata, config: PlexSyncConfig) -> Names:
    return (scene.studio,) if scene.studio else ()


def _parent_studios(scene: SyncMetadata, config: PlexSyncConfig) -> Names:
    """Return the studio's parent, or everything above the studio."""
    above = scene.above_studio
    if config.parent_studio_collections != ALL_PARENTS:
        above = above[:1]
    return tuple(node.name for node in above)


def _groups(scene: SyncMetadata, config: PlexSyncConfig) -> Names:
    """Return the groups of the scene and all that contain them."""
    return scene.groups


GROUP_SOURCE = CollectionSource(
    "sync_groups", "groups", _groups, lambda config: config.collection_prefix_group
)
SOURCES: tuple[CollectionSource, ...] = (
    CollectionSource("sync_collection", "studio", _studio, _studio_prefix),
    CollectionSource("parent_studio_collections", "studio", _parent_studios, _studio_prefix),
    GROUP_SOURCE,
    CollectionSource(
        "collection_tags", TAGS, collection_tag_names, lambda config: config.collection_prefix_tag
    ),
)
"""Every source, in the order in which an item's collections are written."""


def collection_names(scene: SyncMetadata, config: PlexSyncConfig) -> Names:
    """Return the collections of all sources that the settings switch on, not cleaned yet."""
    return tuple(
        title
        for source in SOURCES
        if config.is_on(source.setting)
        for title in titles_of(source, scene, config)
    )


def collection_attributes(config: PlexSyncConfig) -> frozenset[str]:
    """Return the attributes of `SyncMetadata` that the switched-on sources need."""
    attributes = frozenset(source.attribute for source in SOURCES if config.is_on(source.setting))
    return attributes | tag_attributes(config) if TAGS in attributes else attributes


def titles_of(source: CollectionSource, scene: SyncMetadata, config: PlexSyncConfig) -> Names:
    """Return the titles of one source's collections, one for each of its names, not cleaned yet.

    "" where nothing is left of a name, which has no collection then.
    """
    prefix = source.prefix(config)
    names = source.names(scene, config)
    return tuple(with_prefix(prefix, clean_title(name, config)) for name in names)


def with_prefix(prefix: str, name: str) -> str:
    """Return the title of a collection; "" for a name of which nothing is left.

    Examples:
        >>> with_prefix("Group:", "Night Trains"), with_prefix("", "Night Trains")
        ('Group: Night Trains', 'Night Trains')
    """
    return f"{prefix} {name}" if prefix and name else name


def clean_title(title: str, config: PlexSyncConfig) -> str:
    """Return a title as it is sent to Plex; "" if nothing is left of it."""
    return clean_name(title, strip_emoji=config.strip_emoji)
