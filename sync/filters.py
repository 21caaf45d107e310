"""Decides which scenes the settings exclude. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from core.file_names import components
from core.folding import broad_form, plain_form
from core.text import pluralize
from plex.paths import folded_path
from validation.config import PlexSyncConfig
from validation.metadata import SyncMetadata
from validation.setting_values import NEVER
from validation.settings import RESTORE

BEST_RATING = 100


class ExclusionReason(Enum):
    """Why a scene is excluded. The values are written into dry runs and answers to the page."""

    # A match override says never.
    NEVER = "never"
    NOT_ORGANIZED = "not_organized"
    EXCLUDED_TAG = "excluded_tag"
    EXCLUDED_PATH = "excluded_path"
    NO_STASH_ID = "no_stash_id"
    NO_REQUIRED_TAG = "no_required_tag"
    NOT_INCLUDED_PATH = "not_included_path"
    LOW_RATING = "low_rating"
    # Stash's schema lacks what a condition needs, so it is unknown whether the scene meets it.
    UNKNOWN = "unknown"


LABELS: Mapping[ExclusionReason, str] = {
    ExclusionReason.NEVER: "never synced by a match override",
    ExclusionReason.NOT_ORGANIZED: "not organized",
    ExclusionReason.EXCLUDED_TAG: "with an excluded tag",
    ExclusionReason.EXCLUDED_PATH: "below an excluded path",
    ExclusionReason.NO_STASH_ID: "without a stash-box ID",
    ExclusionReason.NO_REQUIRED_TAG: "without a required tag",
    ExclusionReason.NOT_INCLUDED_PATH: "outside the included paths",
    ExclusionReason.LOW_RATING: "unrated or rated too low",
    ExclusionReason.UNKNOWN: "that Stash does not describe fully",
}
"""What the user reads where scenes are counted by reason."""
# A decision about one scene is no condition, and where nothing is known nothing is put back.
_KEPT = frozenset({ExclusionReason.NEVER, ExclusionReason.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Why a scene is excluded; `text` continues a sentence about the scene."""

    reason: ExclusionReason
    text: str


Condition = Callable[[SyncMetadata, PlexSyncConfig], Exclusion | None]


def exclusion_of(
    scene: SyncMetadata, config: PlexSyncConfig, overrides: Mapping[int, int]
) -> Exclusion | None:
    """Return why the user excludes this scene, the first reason of several; None if it is synced.

    `overrides` are the items that the user has chosen, by scene id.
    """
    if overrides.get(scene.scene_id) == NEVER:
        return Exclusion(ExclusionReason.NEVER, "the match overrides say never")
    for condition in _CONDITIONS:
        excluded = condition(scene, config)
        if excluded is not None:
            return excluded
    return None


def restores(exclusion: Exclusion, config: PlexSyncConfig) -> bool:
    """Return True if the settings put back what was written for a scene that is excluded so."""
    return config.on_excluded == RESTORE and exclusion.reason not in _KEPT


def left_out_lines(counts: Mapping[str, int]) -> list[str]:
    """Return one line with how many scenes the settings exclude, by reason; [] for none.

    `counts` has the values of `ExclusionReason`.
    """
    rows = known_reasons(counts)
    if not rows:
        return []
    total = pluralize(sum(count for _, count in rows), "scene")
    reasons = ", ".join(f"{count:,} {LABELS[reason]}" for reason, count in rows)
    return [f"{total} left out by the settings: {reasons}."]


def known_reasons(counts: Mapping[str, int]) -> list[tuple[ExclusionReason, int]]:
    """Return the reasons with their counts, the most frequent first.

    A value that only another version of PlexSync knows is left out.
    """
    known = {reason.value: reason for reason in ExclusionReason}
    rows = [(known[value], count) for value, count in counts.items() if value in known]
    return sorted(rows, key=lambda row: -row[1])


def _organized(scene: SyncMetadata, config: PlexSyncConfig) -> Exclusion | None:
    if not config.only_organized or scene.organized:
        return None
    return Exclusion(ExclusionReason.NOT_ORGANIZED, "it is not organized")


def _excluded_tags(scene: SyncMetadata, config: PlexSyncConfig) -> Exclusion | None:
    if not config.excluded_tags:
        return None
    if not scene.is_known("tags"):
        text = "its tags cannot be read, and the settings exclude tags"
        return Exclusion(ExclusionReason.UNKNOWN, text)
    carried = [tag for tag in scene.tags if broad_form(tag) in config.excluded_tags]
    if not carried:
        return None
    return Exclusion(ExclusionReason.EXCLUDED_TAG, f"it carries the tag {carried[0]}")


def _excluded_paths(scene: SyncMetadata, config: PlexSyncConfig) -> Exclusion | None:
    if not config.excluded_paths:
        return None
    paths = [f"{_form(file.path)}/" for file in scene.files]
    for folder in config.excluded_paths:
        if any(path.startswith(_form(folder).rstrip("/") + "/") for path in paths):
            return Exclusion(ExclusionReason.EXCLUDED_PATH, f"its file lies below {folder}")
    return None


def _form(path: str) -> str:
    """Return a path's broad form: the setting protects privacy, so a doubt excludes the scene."""
    return folded_path(broad_form(path))


def _required_stash_id(scene: SyncMetadata, config: PlexSyncConfig) -> Exclusion | None:
    if not config.required_stash_id or scene.stash_ids:
        return None
    if not scene.is_known("stash_ids"):
        text = "its stash-box IDs cannot be read, and the settings require one"
        return Exclusion(ExclusionReason.UNKNOWN, text)
    return Exclusion(ExclusionReason.NO_STASH_ID, "it has no stash-box ID")


def _required_tags(scene: SyncMetadata, config: PlexSyncConfig) -> Exclusion | None:
    if not config.required_tags:
        return None
    if not scene.is_known("tags"):
        text = "its tags cannot be read, and the settings require tags"
        return Exclusion(ExclusionReason.UNKNOWN, text)
    if any(plain_form(tag) in config.required_tags for tag in scene.tags):
        return None
    return Exclusion(ExclusionReason.NO_REQUIRED_TAG, "it carries none of the required tags")


def _included_paths(scene: SyncMetadata, config: PlexSyncConfig) -> Exclusion | None:
    if not config.included_paths or not scene.files:
        return None
    folders = [_parts(folder) for folder in config.included_paths]
    if any(_lies_below(_parts(file.path), folder) for file in scene.files for folder in folders):
        return None
    text = "its file lies below none of the included paths"
    return Exclusion(ExclusionReason.NOT_INCLUDED_PATH, text)


def _parts(path: str) -> list[str]:
    """Return the components of a path as they are; what follows a last separator is left out."""
    parts = components(path)
    return parts[:-1] if parts[-1] == "" else parts


def _lies_below(path: list[str], folder: list[str]) -> bool:
    return len(path) > len(folder) and path[: len(folder)] == folder


def _rated(scene: SyncMetadata, config: PlexSyncConfig) -> Exclusion | None:
    if not config.min_rating:
        return None
    if not scene.is_known("rating"):
        text = "its rating cannot be read, and the settings require one"
        return Exclusion(ExclusionReason.UNKNOWN, text)
    if scene.rating is None:
        return Exclusion(ExclusionReason.LOW_RATING, "it is not rated")
    rating = round(scene.rating * BEST_RATING / 10)
    if rating >= config.min_rating:
        return None
    text = f"its rating of {rating} is lower than {config.min_rating}"
    return Exclusion(ExclusionReason.LOW_RATING, text)


_CONDITIONS: tuple[Condition, ...] = (
    _organized,
    _excluded_tags,
    _excluded_paths,
    _required_stash_id,
    _required_tags,
    _included_paths,
    _rated,
)
