"""Find the scenes that Stash fails on, so that the others of a batch can be read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from core.errors import StashQueryError, StashSchemaError
from core.tree import NO_TREES, Trees
from validation.metadata import LEFT_OUT, TREES

RawScene = dict[str, Any]
"""A scene as Stash sent it."""


@dataclass(frozen=True, slots=True)
class ScenesRead:
    """What became of each requested scene.

    Attributes:
        scenes: the scenes by id; None for a deleted one.
        failed: why Stash failed on a scene, by id.
    """

    scenes: dict[int, RawScene | None] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)


S = TypeVar("S", RawScene, RawScene | None)


def complete(scene: S, left_out: Sequence[str], trees: Trees) -> S:
    """Return a scene with the names that were not asked for, so that none counts as empty, and with
    the trees that the settings need.
    """
    if not scene:
        return scene
    if left_out:
        scene = {**scene, LEFT_OUT: left_out}
    return scene if trees == NO_TREES else {**scene, TREES: trees}


def read_halves(
    read: Callable[[Sequence[int]], dict[int, RawScene | None]],
    ids: Sequence[int],
    reason: str,
) -> ScenesRead:
    """Read the scenes in halves, and these in halves again, until each failing scene is alone.

    Args:
        read: sends one query for some of the scenes.
        ids: the scenes, whose shared query has failed.
        reason: why it failed.

    Raises:
        StashUnavailable, StashSchemaError: no single scene is at fault.
    """
    result = ScenesRead()
    pending = [(list(ids), reason)]
    while pending:
        group, text = pending.pop()
        if len(group) == 1:
            result.failed[group[0]] = text
            continue
        middle = len(group) // 2
        for half in (group[:middle], group[middle:]):
            try:
                result.scenes.update(read(half))
            except StashSchemaError:
                raise
            except StashQueryError as error:
                pending.append((half, str(error)))
    return result
