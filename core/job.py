"""Define a job: what changed and why.

A job carries no values: the worker reads those from Stash when it drains the queue.
"""

from dataclasses import dataclass

# An edit by the user.
PRIORITY_EDIT = 0
# A renamed performer, tag or studio affects many scenes.
PRIORITY_FAN_OUT = 10
# Sync All, catch-up, reconciliation.
PRIORITY_BACKFILL = 20
# A job during which the worker crashed three times: last, in a batch of its own.
PRIORITY_LAST = 90
PRIORITIES = (PRIORITY_EDIT, PRIORITY_FAN_OUT, PRIORITY_BACKFILL, PRIORITY_LAST)

SCENE = "scene"
LAST_ID = 2**62  # above every id that SQLite assigns

# Causes of jobs. They are stored, so they never change.
# Stash created the scene.
CREATE = "create"
# The user changed it; of a hook's input nothing else is known.
UPDATE = "update"
# A scan of Stash created the scene or found its file in another place.
SCAN = "scan"
# The user deleted the subject.
DESTROY = "destroy"
# The catch-up found a change that no hook reported.
CATCH_UP = "catch_up"
# A scene that was read showed another name of the entity than the one known.
SEEN = "seen"
# Another item of Plex plays the scene's file now, or none.
RELISTED = "relisted"
# The user requeued a dead letter.
REQUEUED = "revived"
# The scene is written except for its images, which Plex failed to take.
IMAGE = "image"
# The user ran the task of that name.
SYNC_ALL = "sync_all"
SYNC_RECENT = "sync_recent"
FORCE_SYNC = "force_sync"
# The user asked for this scene alone.
SYNC_NOW = "sync_now"
# The user has chosen another item for the scene, or its file again.
OVERRIDE = "override"
# The scene that owned an item of this one is excluded now.
OWNER_EXCLUDED = "owner_excluded"
# What the user asks for by a button is looked up in Plex as it is at that moment.
BUTTONS = frozenset({REQUEUED, SYNC_ALL, SYNC_RECENT, FORCE_SYNC, SYNC_NOW})

_SEPARATOR = "+"


@dataclass(frozen=True, slots=True)
class Job:
    """One claimed row of the queue. Times are epoch seconds.

    Attributes:
        id: the row's key.
        subject: what changed, `scene:42` or `tag:7`.
        cause: why, e.g. `update`; several are joined with `+`, as they are stored.
        priority: lower is sooner.
        enqueued_at: when it was first enqueued.
        attempts: failed attempts that counted.
        crashes: worker crashes while this was the current job.
    """

    id: int
    subject: str
    cause: str
    priority: int
    enqueued_at: float
    attempts: int = 0
    crashes: int = 0

    @property
    def causes(self) -> frozenset[str]:
        """Return each cause of the job.

        Examples:
            >>> sorted(Job(1, "scene:42", "update+scan", 0, enqueued_at=0.0).causes)
            ['scan', 'update']
        """
        return frozenset(split_causes(self.cause))

    @property
    def kind(self) -> str:
        """Return the part of the subject before the colon: `scene`, `tag`, ..."""
        return self.subject.partition(":")[0]

    @property
    def is_scene(self) -> bool:
        """Return True if a scene changed, False if it is an entity that scenes show."""
        return self.kind == SCENE

    @property
    def scene_id(self) -> int:
        """Return the scene's id.

        Raises:
            ValueError: the subject is not a scene.
        """
        kind, _, number = self.subject.partition(":")
        if kind != SCENE:
            raise ValueError(f"{self.subject} is not a scene")
        return int(number)


def split_causes(stored: str) -> list[str]:
    """Return the causes in a stored text, in their order."""
    return stored.split(_SEPARATOR)


def scene_subject(scene_id: int) -> str:
    """Return the subject of a scene's jobs, records and dead letters."""
    return f"{SCENE}:{scene_id}"


def display_name(subject: str) -> str:
    """Return a subject as it is shown to the user: `scene 42`, `tag 7`."""
    return subject.replace(":", " ", 1)
