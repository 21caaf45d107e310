"""Decides which scenes the settings exclude. Pure."""

from core.unicode_form import caseless
from validation.config import PlexSyncConfig
from validation.metadata import SyncMetadata
from validation.setting_values import NEVER


def exclusion_reason(scene: SyncMetadata, config: PlexSyncConfig) -> str:
    """Return why the settings exclude this scene; "" if it is synced."""
    if config.match_overrides.get(scene.scene_id) == NEVER:
        return "the match overrides say never"
    if config.only_organized and not scene.organized:
        return "it is not organized"
    carried = [tag for tag in scene.tags if caseless(tag) in config.excluded_tags]
    if carried:
        return f"it carries the tag {carried[0]}"
    below = [
        folder
        for folder in config.excluded_paths
        if any(_lies_below(file.path, folder) for file in scene.files)
    ]
    return f"its file lies below {below[0]}" if below else ""


def _lies_below(path: str, folder: str) -> bool:
    path, folder = path.replace("\\", "/"), folder.replace("\\", "/").rstrip("/")
    return path.startswith(folder + "/")
