"""Decide what a scene query asks for beside the fields' own selections: what the settings need."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from core.tree import PARENTS, STUDIO, TAG
from stash import queries
from stash.trees import TreeNeeds
from validation.collection_sources import ALL_PARENTS
from validation.config import PlexSyncConfig


@dataclass(frozen=True, slots=True)
class SceneNeed:
    """A part of a scene that only some settings need.

    Attributes:
        selection: what the query asks for; it may name fields that are selected already.
        is_needed: whether these settings need it.
    """

    selection: str
    is_needed: Callable[[PlexSyncConfig], bool]


# Deeper than anyone nests groups; Stash answers only as deep as they are nested.
GROUP_LEVELS = 10


def _groups_with_containers() -> str:
    """Return the selection of a scene's groups and of all that contain them.

    GraphQL has no recursion, so each level is written out.
    """
    selection = "group { id name }"
    for _ in range(GROUP_LEVELS):
        selection = f"group {{ id name containing_groups {{ {selection} }} }}"
    return f"groups {{ {selection} }}"


def tree_needs(config: PlexSyncConfig) -> TreeNeeds:
    """Return which trees these settings need."""
    return TreeNeeds(tree_kinds(config), config.include_performer_tags)


def tree_kinds(config: PlexSyncConfig) -> frozenset[str]:
    """Return the kinds of which a scene shows more than its own and the nearest above."""
    selections = (config.genre_excluded_tags, config.collection_tags, config.label_tags)
    shows_tags = config.include_parent_tags or any(chosen.needs_tree for chosen in selections)
    shows_studios = config.parent_studio_collections == ALL_PARENTS
    shown = ((TAG, shows_tags), (STUDIO, shows_studios))
    return frozenset(kind for kind, is_shown in shown if is_shown)


NEEDS: tuple[SceneNeed, ...] = (
    SceneNeed(_groups_with_containers(), lambda config: config.sync_groups),
    SceneNeed(f"tags {{ {PARENTS} {{ id }} }}", lambda config: TAG in tree_kinds(config)),
    SceneNeed("performers { tags { id name } }", lambda config: config.include_performer_tags),
    SceneNeed(
        f"performers {{ tags {{ {PARENTS} {{ id }} }} }}",
        lambda config: config.include_performer_tags and TAG in tree_kinds(config),
    ),
)
"""Every such part. Stash answers faster, and a scene is parsed faster, without it."""


def scene_selection(config: PlexSyncConfig) -> str:
    """Return what a scene must bring under these settings."""
    return _joined(need for need in NEEDS if need.is_needed(config))


def widest_selection() -> str:
    """Return everything that any settings ask for."""
    return _joined(NEEDS)


def _joined(needs: Iterable[SceneNeed]) -> str:
    return " ".join([queries.SCENE, *(need.selection for need in needs)])
