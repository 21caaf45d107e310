"""Decide what a scene query asks for beside the fields' own selections: what the settings need."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from stash import queries
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


NEEDS: tuple[SceneNeed, ...] = (
    SceneNeed(_groups_with_containers(), lambda config: config.sync_groups),
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
