"""Decide what a scene query asks for beside the fields' own selections: what the settings need."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from core.tree import PARENTS, STUDIO, TAG
from stash import queries
from stash.trees import TreeNeeds
from validation.collection_sources import ALL_PARENTS
from validation.config import PlexSyncConfig
from validation.performers import FEMALE_FIRST, NEVER


@dataclass(frozen=True, slots=True)
class SceneNeed:
    """A part of a scene that only some settings need.

    Attributes:
        selection: what the query asks for; it may name fields that are selected already.
        is_needed: whether these settings need it.
    """

    selection: str
    is_needed: Callable[[PlexSyncConfig], bool]


def _shows_genders(config: PlexSyncConfig) -> bool:
    is_chosen_by = bool(config.performer_genders) or config.performer_order == FEMALE_FIRST
    return is_chosen_by or "gender" in config.role_format.names


def _shows_disambiguations(config: PlexSyncConfig) -> bool:
    is_in_names = config.performer_disambiguation != NEVER
    return is_in_names or "disambiguation" in config.role_format.names


def _shows_ages(config: PlexSyncConfig) -> bool:
    return "age" in config.role_format.names


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
    """Return which trees these settings need, in whichever library an item is."""
    kinds = frozenset().union(*map(tree_kinds, config.variants))
    return TreeNeeds(kinds, any(one.include_performer_tags for one in config.variants))


def tree_kinds(config: PlexSyncConfig) -> frozenset[str]:
    """Return the kinds of which a scene shows more than its own and the nearest above."""
    selections = (config.genre_excluded_tags, config.collection_tags, config.label_tags)
    shows_tags = config.include_parent_tags or any(chosen.needs_tree for chosen in selections)
    shows_studios = config.parent_studio_collections == ALL_PARENTS
    shown = ((TAG, shows_tags), (STUDIO, shows_studios))
    return frozenset(kind for kind, is_shown in shown if is_shown)


NEEDS: tuple[SceneNeed, ...] = (
    SceneNeed("performers { gender }", _shows_genders),
    SceneNeed("performers { disambiguation }", _shows_disambiguations),
    SceneNeed("performers { birthdate }", _shows_ages),
    SceneNeed(_groups_with_containers(), lambda config: config.sync_groups),
    SceneNeed(f"tags {{ {PARENTS} {{ id }} }}", lambda config: TAG in tree_kinds(config)),
    SceneNeed("performers { tags { id name } }", lambda config: config.include_performer_tags),
    SceneNeed(
        f"performers {{ tags {{ {PARENTS} {{ id }} }} }}",
        lambda config: config.include_performer_tags and TAG in tree_kinds(config),
    ),
    SceneNeed("stash_ids { endpoint stash_id }", lambda config: config.required_stash_id),
)
"""Every such part. Stash answers faster, and a scene is parsed faster, without it."""


def scene_selection(config: PlexSyncConfig) -> str:
    """Return what a scene must bring under these settings, in whichever library its item is."""
    return _joined(need for need in NEEDS if any(map(need.is_needed, config.variants)))


def widest_selection() -> str:
    """Return everything that any settings ask for."""
    return _joined(NEEDS)


def _joined(needs: Iterable[SceneNeed]) -> str:
    return " ".join([queries.SCENE, *(need.selection for need in needs)])
