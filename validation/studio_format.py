"""Write what Plex shows as the studio. Pure."""

from validation.config import PlexSyncConfig
from validation.metadata import SyncMetadata

_STUDIO, _PARENT = "{studio}", "{parent}"


def studio_name(scene: SyncMetadata, config: PlexSyncConfig) -> str:
    """Return the studio in the format of the settings; "" without a studio.

    A studio without a parent stands alone, whatever the format.
    """
    if not scene.parent_studio:
        return scene.studio
    # One after the other would take a studio whose name is "{parent}" for a place in the format.
    parts = {_STUDIO: scene.studio, _PARENT: scene.parent_studio}
    return " / ".join(parts[part] for part in config.studio_format.split(" / "))
