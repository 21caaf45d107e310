"""Make the title that Plex shows of a scene, and the one that Plex sorts it by. Pure."""

from collections.abc import Callable, Mapping

from validation.config import PlexSyncConfig
from validation.metadata import SyncMetadata
from validation.performer_names import title_performers
from validation.text_format import TextFormat

# The attribute of a scene that each name of a title's format shows.
_ATTRIBUTES: Mapping[str, str] = {
    "title": "title",
    "studio": "studio",
    "parent": "studio",
    "performers": "performers",
    "date": "date",
    "year": "date",
    "code": "code",
    "file": "file",
}
# A scene without a title has none in Plex either, whatever else its format shows.
_REQUIRED = frozenset({"title"})


def make_title(scene: SyncMetadata, config: PlexSyncConfig) -> str:
    """Return the scene's title after its format; "" where Plex's own title stays."""
    return _rendered(config.title_format, scene, config)


def make_sort_title(scene: SyncMetadata, config: PlexSyncConfig) -> str:
    """Return the title that Plex sorts the scene by; "" where Plex derives it from the title."""
    return _rendered(config.sort_title_format, scene, config)


def title_attributes(config: PlexSyncConfig) -> frozenset[str]:
    """Return the attributes of a scene that its title shows."""
    return _attributes(config.title_format)


def sort_title_attributes(config: PlexSyncConfig) -> frozenset[str]:
    """Return the attributes of a scene that its sort title shows."""
    return _attributes(config.sort_title_format)


def _attributes(text_format: TextFormat) -> frozenset[str]:
    return frozenset(_ATTRIBUTES[name] for name in text_format.names)


def _rendered(text_format: TextFormat, scene: SyncMetadata, config: PlexSyncConfig) -> str:
    values = {name: _VALUES[name](scene, config) for name in text_format.names}
    return text_format.render(values, _REQUIRED)


def _title(scene: SyncMetadata, config: PlexSyncConfig) -> str:
    return scene.title or (scene.file if config.title_from_file else "")


_VALUES: Mapping[str, Callable[[SyncMetadata, PlexSyncConfig], str]] = {
    "title": _title,
    "studio": lambda scene, config: scene.studio,
    "parent": lambda scene, config: scene.parent_studio,
    "performers": title_performers,
    "date": lambda scene, config: scene.date,
    "year": lambda scene, config: scene.date[:4],
    "code": lambda scene, config: scene.code,
    "file": lambda scene, config: scene.file,
}
