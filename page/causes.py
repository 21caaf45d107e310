"""Say in words why a job was enqueued."""

from collections.abc import Mapping

from core.job import split_causes

CAUSES: Mapping[str, str] = {
    "create": "created in Stash",
    "update": "changed in Stash",
    "scan": "scanned by Stash",
    "destroy": "deleted in Stash",
    "merge": "merged in Stash",
    "catch_up": "changed in Stash without a hook",
    "seen": "another name was seen on a scene",
    "gone": "no longer in Stash",
    "fan_out": "a performer, studio or tag changed",
    "relisted": "Plex has other items for its file",
    "revived": "a dead letter that was tried again",
    "image": "an image that Plex failed to take",
    "sync_all": "Sync All Scenes",
    "sync_recent": "Sync Recent Scenes",
    "force_sync": "Force Sync All",
    "sync_now": "Sync now",
    "override": "another item was chosen by hand",
    "owner_excluded": "the scene that its item showed is excluded now",
    "reconcile": "reconciliation",
    "path_contradicted": "a learned path proved wrong",
}
"""The texts by stored cause."""


def cause_texts(stored: str) -> tuple[str, ...]:
    """Return a text for each cause of a job; a cause of another version is its own text.

    Examples:
        >>> cause_texts("update+sync_all")
        ('changed in Stash', 'Sync All Scenes')
    """
    return tuple(CAUSES.get(cause, cause) for cause in split_causes(stored) if cause)
