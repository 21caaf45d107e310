"""Keeps the path pairs PlexSync learned: learns them now and then, drops one at its first contradiction."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from core.clock import Clock
from core.files import JsonFile
from core.log import EventLog
from core.units import DAY_S
from plex.path_learner import Candidates, LearnedMapping, StashFile, contradicts, learn
from stash.client import StashClient
from validation.metadata import SceneFile

FILE_NAME = "learned_paths.json"
SAMPLE = 500
REPEAT_AFTER_S = DAY_S
LEARNED = "learned"


class _Pair(BaseModel):
    model_config = ConfigDict(frozen=True)

    source: str
    target: str
    files: int
    folders: int


class LearnedPaths(BaseModel):
    """`learned_at` in epoch seconds; `dropped` are pairs that were contradicted, never learned again."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    learned_at: float = 0.0
    pairs: tuple[_Pair, ...] = ()
    dropped: tuple[tuple[str, str], ...] = ()


class LearnedPathStore:
    """What was learned, kept in `learned_paths.json`. A corrupt file means that nothing was learned yet."""

    def __init__(
        self,
        data_dir: Path,
        clock: Clock,
        log: EventLog,
        on_dropped: Callable[[LearnedMapping], object],
    ) -> None:
        self._file = JsonFile(data_dir / FILE_NAME, clock.sleep)
        self._clock = clock
        self._log = log
        self._on_dropped = on_dropped
        self._document = _read(self._file)
        if self._file.corruption_warning:
            log.warning("state.corrupt", detail=self._file.corruption_warning)

    @property
    def mappings(self) -> tuple[LearnedMapping, ...]:
        """The pairs in force, best supported first; () when nothing was learned."""
        return _lessons(self._document)

    def is_due(self) -> bool:
        """Whether it is time to learn: never yet, or a day ago."""
        return abs(self._clock.wall() - self._document.learned_at) >= REPEAT_AFTER_S

    def learn(self, stash: StashClient, candidates: Candidates) -> None:
        """Learn from a sample of Stash's files; one request to Stash, none to Plex.

        Raises:
            StashUnavailable: nothing was learned.
        """
        files = [StashFile(path, size) for path, size in stash.file_sample(SAMPLE)]
        lessons = [
            one
            for one in learn(files, candidates)
            if (one.source, one.target) not in self._document.dropped
        ]
        self._log.info(
            "paths.learned",
            pairs=[f"{one.source}=>{one.target}" for one in lessons],
            files=len(files),
        )
        pairs = tuple(_Pair(**asdict(one)) for one in lessons)
        self._save(
            self._document.model_copy(update={"learned_at": self._clock.wall(), "pairs": pairs})
        )

    def drop_contradicted(self, files: Sequence[SceneFile], candidates: Candidates) -> None:
        """Drop every lesson that one of these files contradicts."""
        for lesson in self.mappings:
            if any(
                contradicts(lesson, StashFile(file.path, file.size), candidates) for file in files
            ):
                self._log.warning("paths.contradicted", source=lesson.source, target=lesson.target)
                self._remove(lesson)
                self._on_dropped(lesson)

    def _remove(self, lesson: LearnedMapping) -> None:
        pair = (lesson.source, lesson.target)
        pairs = tuple(one for one in self._document.pairs if (one.source, one.target) != pair)
        dropped = (*self._document.dropped, pair)
        self._save(self._document.model_copy(update={"pairs": pairs, "dropped": dropped}))

    def _save(self, document: LearnedPaths) -> None:
        self._document = document
        try:
            self._file.write(document.model_dump(mode="json"))
        except (OSError, TimeoutError) as error:
            self._log.warning("state.save_failed", file=FILE_NAME, detail=str(error))


def read_mappings(data_dir: Path, sleep: Callable[[float], None]) -> tuple[LearnedMapping, ...]:
    """The pairs that are kept, best supported first; () when there are none or the file makes no sense."""
    return _lessons(_read(JsonFile(data_dir / FILE_NAME, sleep)))


def _lessons(document: LearnedPaths) -> tuple[LearnedMapping, ...]:
    return tuple(LearnedMapping(**pair.model_dump()) for pair in document.pairs)


def _read(file: JsonFile) -> LearnedPaths:
    try:
        return LearnedPaths.model_validate(file.read() or {})
    except ValidationError:
        file.quarantine()
        return LearnedPaths()
