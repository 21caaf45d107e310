"""Learn how Plex names Stash's folders, and drop a mapping at its first contradiction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter

from core.clock import Clock
from core.errors import StashQueryError, StashUnavailable
from core.log import EventLog
from core.units import DAY_S
from plex.path_learner import Candidates, LearnedMapping, StashFile, contradicts, learn
from stash.client import StashClient
from stash.library import file_sample
from validation.metadata import SceneFile
from validation.state_file import StateFile

FILE_NAME = "learned_paths.json"
SAMPLE = 500
REPEAT_AFTER_S = DAY_S
# After a sample that Stash did not answer: well before a job stops waiting for its file.
RETRY_AFTER_S = 1_200.0
LEARNED = "learned"


@dataclass(frozen=True, slots=True)
class LearnedPaths:
    """What was learned from the files of both servers.

    Attributes:
        learned_at: when, in epoch seconds; 0 for never.
        mappings: the mappings in force, best supported first (stored as `pairs`).
        dropped: (source, target) of contradicted mappings, which are never learned again.
    """

    learned_at: Annotated[float, Field(allow_inf_nan=False)] = 0.0
    mappings: Annotated[tuple[LearnedMapping, ...], Field(alias="pairs")] = ()
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
        self._file = learned_paths_file(data_dir, clock)
        self._clock = clock
        self._log = log
        self._on_dropped = on_dropped
        self._retry_at = clock.monotonic()
        self._has_failed = False
        self._document = self._file.load()
        if self._file.warning:
            log.warning("state.corrupt", file=FILE_NAME, detail=self._file.warning)

    @property
    def mappings(self) -> tuple[LearnedMapping, ...]:
        """Return the mappings in force, best supported first; () if nothing was learned."""
        return self._document.mappings

    def is_due(self) -> bool:
        """Return True if nothing was learned within the last day, and no sample failed just now."""
        if self._clock.monotonic() < self._retry_at:
            return False
        return abs(self._clock.wall() - self._document.learned_at) >= REPEAT_AFTER_S

    def learn(self, stash: StashClient, candidates: Candidates) -> None:
        """Learn from a sample of Stash's files, with one request to Stash and none to Plex.

        No job needs the sample: if Stash rejects the query or answers too late, what was learned
        before stays, and the sample is requested again after RETRY_AFTER_S.
        """
        try:
            sample = file_sample(stash, SAMPLE)
        except (StashQueryError, StashUnavailable) as error:
            self._retry_at = self._clock.monotonic() + RETRY_AFTER_S
            if not self._has_failed:
                self._log.warning("paths.not_learned", detail=str(error))
            self._has_failed = True
            return
        files = [StashFile(file.path, file.size) for file in sample]
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
        self._save(replace(self._document, learned_at=self._clock.wall(), mappings=tuple(mappings)))

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
        others = tuple(other for other in self._document.mappings if other != mapping)
        dropped = (*self._document.dropped, (mapping.source, mapping.target))
        self._save(replace(self._document, mappings=others, dropped=dropped))

    def _save(self, document: LearnedPaths) -> None:
        self._document = document
        detail = self._file.save(document)
        if detail:
            self._log.warning("state.save_failed", file=FILE_NAME, detail=detail)


def learned_paths_file(data_dir: Path, clock: Clock) -> StateFile[LearnedPaths]:
    """Return the document `learned_paths.json`; nothing is learned by default."""
    return StateFile(data_dir / FILE_NAME, TypeAdapter(LearnedPaths), LearnedPaths, clock)


def read_mappings(data_dir: Path, clock: Clock) -> tuple[LearnedMapping, ...]:
    """Return the stored mappings, best supported first; () if nothing was learned."""
    return learned_paths_file(data_dir, clock).load().mappings
