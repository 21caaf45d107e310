"""What a match is made of: the evidence, its weight, the candidates and the verdict."""

from dataclasses import dataclass
from enum import Enum


class Evidence(Enum):
    """Why a Plex file could be a scene's file; the value is the score, 0 to 1."""

    EXACT_PATH = 1.0
    # PlexSync's own record of the same file, which Plex still shows under its old path.
    OWN_RECORD = 0.95
    COMMON_SUFFIX = 0.9
    NAME_AND_SIZE = 0.8
    NAME_ONLY = 0.4

    @property
    def label(self) -> str:
        """Return the evidence's name in logs and dead letters, such as `exact_path`."""
        return self.name.lower()


class Confidence(Enum):
    """How sure the matcher is. NONE means that no candidate exists."""

    HIGH = "high"
    LOW = "low"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class PlexFile:
    """One file that a Plex item plays, as the library listing shows it. `size` in bytes, 0 if
    unknown.
    """

    path: str
    size: int
    item: int
    section: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A Plex file that could be one of the scene's files, with the strongest evidence for it."""

    file: PlexFile
    evidence: Evidence
    scene_path: str
    note: str = ""

    @property
    def score(self) -> float:
        return self.evidence.value

    def describe(self) -> str:
        """Return one line for the user: item, evidence, score, path."""
        text = f"item {self.file.item} {self.evidence.label} {self.score:.1f} {self.file.path}"
        return f"{text} ({self.note})" if self.note else text

    def entry(self) -> "CandidateEntry":
        """Return the candidate as a dead letter keeps it."""
        label = self.evidence.label
        return CandidateEntry(self.describe(), self.file.item, label, self.score, self.file.path)


@dataclass(frozen=True, slots=True)
class CandidateEntry:
    """A candidate as a dead letter keeps it.

    Attributes:
        text: one line for the user.
        item: Plex's rating key; None where only the text is known.
        evidence: the label of the evidence, "" where only the text is known.
        score: 0 to 1.
        path: the file as Plex sees it.
    """

    text: str
    item: int | None = None
    evidence: str = ""
    score: float = 0.0
    path: str = ""


@dataclass(frozen=True, slots=True)
class MatchResult:
    """The verdict: which items to write, how sure, and every candidate looked at, best first.

    `items` is empty when the confidence is NONE, and holds the best guess when it is LOW.
    `is_learned`: the path was carried over by a pair that PlexSync learned, not by a setting.
    """

    items: tuple[int, ...]
    confidence: Confidence
    candidates: tuple[Candidate, ...] = ()
    reason: str = ""
    is_learned: bool = False

    @property
    def is_recorded(self) -> bool:
        """Return True if Plex still has to learn the file's path; a record led to the item."""
        return any(candidate.evidence is Evidence.OWN_RECORD for candidate in self.candidates)
