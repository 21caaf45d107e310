"""A job says what changed and why. It carries no values: the worker reads those when it drains."""

from dataclasses import dataclass

PRIORITY_EDIT = 0  # a person's own edit
PRIORITY_FAN_OUT = 10  # a renamed performer, tag or studio touches many scenes
PRIORITY_BACKFILL = 20  # Sync All, catch-up, reconciliation
PRIORITY_LAST = 90  # a worker died three times with this job in hand: last, and alone
PRIORITIES = (PRIORITY_EDIT, PRIORITY_FAN_OUT, PRIORITY_BACKFILL, PRIORITY_LAST)

SCENE = "scene"
LAST_ID = 2**62  # above every id that SQLite can give
DESTROY = "destroy"  # the cause of a job whose subject a person has deleted


@dataclass(frozen=True, slots=True)
class Job:
    """One claimed row of the queue. Times are epoch seconds.

    Attributes:
        id: the row's key.
        subject: what changed, `scene:42` or `tag:7`.
        cause: why, e.g. `update`, `create`; several joined with `+`.
        priority: lower is sooner.
        noted_at: when it was first noted.
        attempts: failed attempts that counted.
        deaths: workers that died with it in hand.
    """

    id: int
    subject: str
    cause: str
    priority: int
    enqueued_at: float
    attempts: int = 0
    crashes: int = 0

    @property
    def kind(self) -> str:
        """`scene`, `tag`, ...: the part of the subject before the colon."""
        return self.subject.partition(":")[0]

    @property
    def is_scene(self) -> bool:
        """Whether a scene changed; else something that scenes show."""
        return self.kind == SCENE

    @property
    def scene_id(self) -> int:
        """The scene's id.

        Raises:
            ValueError: the subject is not a scene.
        """
        kind, _, number = self.subject.partition(":")
        if kind != SCENE:
            raise ValueError(f"{self.subject} is not a scene")
        return int(number)


def scene_subject(scene_id: int) -> str:
    """The subject of a scene's jobs, records and dead letters."""
    return f"{SCENE}:{scene_id}"


def display_name(subject: str) -> str:
    """A subject as people say it: `scene 42`, `tag 7`."""
    return subject.replace(":", " ", 1)
