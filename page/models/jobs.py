"""Define the calls about the queue, the dead letters and the overrides."""

from typing import Annotated, Literal

from pydantic import Field

from page.models.base import Answer, Arguments, Page

MAX_IDS = 1_000

SceneId = Annotated[int, Field(ge=0, le=2**53)]
SceneIds = Annotated[tuple[SceneId, ...], Field(max_length=MAX_IDS)]
Subjects = Annotated[
    tuple[Annotated[str, Field(max_length=100)], ...], Field(min_length=1, max_length=MAX_IDS)
]

JobState = Literal["running", "due", "later"]


class ListQueue(Page):
    """Which jobs are wanted: all, or those of some scenes."""

    scenes: SceneIds | None = None


class JobRow(Answer):
    """One job.

    Attributes:
        subject: such as `scene:42`; `scene` is its id, None for another subject.
        causes: why it was enqueued, in words.
        reason: the class of the last failure, "" for none; `why` says it in words.
        attempts: attempts used.
    """

    subject: str
    scene: int | None
    state: JobState
    due_at: float
    priority: int
    causes: tuple[str, ...]
    attempts: int
    reason: str
    why: str


class QueueAnswer(Answer):
    """Jobs in the order in which they are processed; `total`: how many match in all."""

    total: int
    rows: tuple[JobRow, ...]


class ChooseJobs(Arguments):
    """Some jobs by subject."""

    subjects: Subjects


class DropJobs(Arguments):
    """Waiting jobs by subject; see `Confirmed` for `confirm`."""

    subjects: Subjects
    confirm: int | None = None


class ClearQueue(Arguments):
    """Every waiting job; see `Confirmed` for `confirm`."""

    confirm: int | None = None


class ListDeadLetters(Page):
    """Which dead letters are wanted: all, those of one reason, or those of some scenes."""

    reason: str = Field(default="", max_length=100)
    scenes: SceneIds | None = None


class CandidateRow(Answer):
    """A Plex item that was looked at.

    Attributes:
        item: its rating key; None where a version before 1.2 stored only the text.
        link: opens the item in Plex, "" where the server is not known.
        evidence: the name of the evidence, such as `name_and_size`.
        score: 0 to 1.
        path: the file as Plex sees it.
        text: all of it as one line.
    """

    item: int | None
    link: str
    evidence: str
    score: float
    path: str
    text: str


class DeadLetterRow(Answer):
    """One dead letter; `title` as it was when the job failed, "" if unknown."""

    subject: str
    scene: int | None
    title: str
    reason: str
    message: str
    attempts: int
    first_at: float
    last_at: float
    candidates: tuple[CandidateRow, ...]


class DeadLetterGroup(Answer):
    """How many dead letters have one reason, in words, and what to do about them."""

    reason: str
    label: str
    count: int
    action: str


class DeadLettersAnswer(Answer):
    """Groups of all dead letters, most first; rows newest first; `total`: rows that match."""

    groups: tuple[DeadLetterGroup, ...]
    total: int
    rows: tuple[DeadLetterRow, ...]


class ChooseDeadLetters(Arguments):
    """Dead letters by subject, or all of one reason, or all ("" and None).

    See `Confirmed` for `confirm`.
    """

    subjects: Subjects | None = None
    reason: str = Field(default="", max_length=100)
    confirm: int | None = None


class PurgeDeadLetters(Arguments):
    """Dead letters older than so many days; see `Confirmed` for `confirm`."""

    days: int = Field(ge=0, le=3650)
    confirm: int | None = None


class SetOverride(Arguments):
    """Match these scenes with one item of Plex from now on; `item` None: never sync them."""

    scenes: Annotated[tuple[SceneId, ...], Field(min_length=1, max_length=MAX_IDS)]
    item: Annotated[int, Field(ge=1, le=2**53)] | None


class RemoveOverride(Arguments):
    """Match these scenes by their files again."""

    scenes: Annotated[tuple[SceneId, ...], Field(min_length=1, max_length=MAX_IDS)]


class OverrideRow(Answer):
    """One override.

    Attributes:
        item: None: the scene is never synced.
        source: `page`: chosen here; `setting`: in *Match overrides*, which wins.
        is_shadowed: the setting names this scene, too, and wins.
        is_other_server: the item is of another Plex server than the current one, so the scene is
            matched by its file until that server is back.
    """

    scene: int
    item: int | None
    link: str
    source: Literal["page", "setting"]
    chosen_at: float
    is_shadowed: bool
    is_other_server: bool


class OverridesAnswer(Answer):
    """Every override, by scene."""

    rows: tuple[OverrideRow, ...]


class Recover(Arguments):
    """Put dead letters of an outage back; see `Confirmed` for `confirm`."""

    errors: Literal["down", "temporary"]
    confirm: int | None = None
