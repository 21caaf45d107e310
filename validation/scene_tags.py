"""Decide which tags a scene counts as having, and what becomes of each in Plex. Pure."""

from collections.abc import Iterator

from core.tree import SceneTag, Tree
from validation.config import PlexSyncConfig
from validation.metadata import SyncMetadata
from validation.tag_selection import TagSelection

Names = tuple[str, ...]


def tag_attributes(config: PlexSyncConfig) -> frozenset[str]:
    """Return the attributes of a scene that its tags are made of."""
    names = ("tags", "performers") if config.include_performer_tags else ("tags",)
    return frozenset(names)


def counted_tags(scene: SyncMetadata, config: PlexSyncConfig) -> tuple[SceneTag, ...]:
    """Return the tags that the scene counts as having, each once.

    Its own come first, in Stash's order, then those of its performers, then what is above both.
    """
    tags: dict[int, SceneTag] = {}
    for tag in _carried(scene, config):
        tags.setdefault(tag.node.id, tag)
    if config.include_parent_tags:
        for tag in tuple(tags.values()):
            above = Tree({node.id: node for node in tag.ancestors})
            for node in tag.ancestors:
                if node.id not in tags:
                    tags[node.id] = SceneTag(node, above.ancestors(node.id))
    return tuple(tags.values())


def genre_names(scene: SyncMetadata, config: PlexSyncConfig) -> Names:
    """Return the tags that become genres."""
    excluded = config.genre_excluded_tags
    return tuple(tag.name for tag in counted_tags(scene, config) if not excluded.has(tag))


def label_names(scene: SyncMetadata, config: PlexSyncConfig) -> Names:
    """Return the tags that become labels."""
    return _chosen(scene, config, config.label_tags)


def collection_tag_names(scene: SyncMetadata, config: PlexSyncConfig) -> Names:
    """Return the tags that become collections."""
    return _chosen(scene, config, config.collection_tags)


def _chosen(scene: SyncMetadata, config: PlexSyncConfig, selection: TagSelection) -> Names:
    return tuple(tag.name for tag in counted_tags(scene, config) if selection.has(tag))


def _carried(scene: SyncMetadata, config: PlexSyncConfig) -> Iterator[SceneTag]:
    yield from scene.own_tags
    if config.include_performer_tags:
        yield from scene.performer_tags
