"""Learn how Plex names Stash's folders, and drop a mapping at its first contradiction."""

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
    """The stored document.

    `learned_at` in epoch seconds; `dropped` are contradicted pairs, which are never learned again.
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    learned_at: float = 0.0
    pairs: tuple[_Pair, ...] = ()
    dropped: tuple[tuple[str, str], ...] = ()


class LearnedPathStore:
    """Keeps the learned mappings in `learned_paths.json`.

    A corrupt file is quarantined; then nothing was learned yet. `on_dropped` is called with each
    contradicted mapping.
    """

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
        """The mappings in force, best supported first; () when nothing was learned."""
        return _mappings(self._document)

    def is_due(self) -> bool:
        """Return True if nothing was learned within the last day."""
        return abs(self._clock.wall() - self._document.learned_at) >= REPEAT_AFTER_S

    def learn(self, stash: StashClient, candidates: Candidates) -> None:
        """Learn from a sample of Stash's files, with one request to Stash and none to Plex.

        Raises:
            StashUnavailable: nothing was learned.
        """
        files = [StashFile(path, size) for path, size in stash.file_sample(SAMPLE)]
        mappings = [
            mapping
            for mapping in learn(files, candidates)
            if (mapping.source, mapping.target) not in self._document.dropped
        ]
        self._log.info(
            "paths.learned",
            pairs=[f"{mapping.source}=>{mapping.target}" for mapping in mappings],
            files=len(files),
        )
        pairs = tuple(_Pair(**asdict(mapping)) for mapping in mappings)
        self._save(
            self._document.model_copy(update={"learned_at": self._clock.wall(), "pairs": pairs})
        )

    def drop_contradicted(self, files: Sequence[SceneFile], candidates: Candidates) -> None:
        """Drop every mapping that one of these files contradicts."""
        stash_files = [StashFile(file.path, file.size) for file in files]
        for mapping in self.mappings:
            if any(contradicts(mapping, file, candidates) for file in stash_files):
                self._log.warning(
                    "paths.contradicted", source=mapping.source, target=mapping.target
                )
                self._remove(mapping)
                self._on_dropped(mapping)

    def _remove(self, mapping: LearnedMapping) -> None:
        dropped = (mapping.source, mapping.target)
        pairs = tuple(
            pair for pair in self._document.pairs if (pair.source, pair.target) != dropped
        )
        update = {"pairs": pairs, "dropped": (*self._document.dropped, dropped)}
        self._save(self._document.model_copy(update=update))

    def _save(self, document: LearnedPaths) -> None:
        self._document = document
        try:
            self._file.write(document.model_dump(mode="json"))
        except (OSError, TimeoutError) as error:
            self._log.warning("state.save_failed", file=FILE_NAME, detail=str(error))


def read_mappings(data_dir: Path, sleep: Callable[[float], None]) -> tuple[LearnedMapping, ...]:
    """Return the stored mappings, best supported first; () for none or a corrupt file."""
    return _mappings(_read(JsonFile(data_dir / FILE_NAME, sleep)))


def _mappings(document: LearnedPaths) -> tuple[LearnedMapping, ...]:
    return tuple(LearnedMapping(**pair.model_dump()) for pair in document.pairs)


def _read(file: JsonFile) -> LearnedPaths:
    try:
        return LearnedPaths.model_validate(file.read() or {})
    except ValidationError:
        file.quarantine()
        return LearnedPaths()
