"""Decides which scenes the settings exclude. Pure."""

from collections.abc import Mapping

from core.folding import broad_form
from plex.paths import folded_path
from validation.config import PlexSyncConfig
from validation.metadata import SyncMetadata
from validation.setting_values import NEVER


def exclusion_reason(
    scene: SyncMetadata, config: PlexSyncConfig, overrides: Mapping[int, int]
) -> str:
    """Return why the user excludes this scene; "" if it is synced.

    `overrides` are the items that the user has chosen, by scene id.
    """
    if overrides.get(scene.scene_id) == NEVER:
        return "the match overrides say never"
    if config.only_organized and not scene.organized:
        return "it is not organized"
    if config.excluded_tags and not scene.is_known("tags"):
        return "its tags cannot be read, and the settings exclude tags"
    carried = [tag for tag in scene.tags if broad_form(tag) in config.excluded_tags]
    if carried:
        return f"it carries the tag {carried[0]}"
    if not config.excluded_paths:
        return ""
    paths = [f"{_form(file.path)}/" for file in scene.files]
    below = [
        folder
        for folder in config.excluded_paths
        if any(path.startswith(_form(folder).rstrip("/") + "/") for path in paths)
    ]
    return f"its file lies below {below[0]}" if below else ""


def _form(path: str) -> str:
    """Return a path's broad form: the setting protects privacy, so a doubt excludes the scene."""
    return folded_path(broad_form(path))
