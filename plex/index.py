"""Which item plays which file, kept on disk so that a lookup asks nobody.

A library of 100,000 files is spread over a fixed number of buckets by file name; a bucket is one JSON
row, so a lookup reads one row and building writes a thousand. A library is listed into a new generation
and switched in one transaction: a kill in the middle leaves the old index whole. What a bad disk has changed
is forgotten as a whole: nothing is lost by it, since Plex is listed anew.
"""

import shutil
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from diskcache import Cache

from core.match import PlexFile
from plex.paths import file_name, normal_path
from plex.safe_json_disk import SafeJSONDisk

BUCKETS = 1024
_Buckets: TypeAlias = dict[int, dict[str, list[list[Any]]]]
_SENSELESS = (
    zlib.error,
    ValueError,
    TypeError,
)  # rows that the database still reads, and nobody understands


@dataclass(frozen=True, slots=True)
class IndexState:
    """What is known of one library's index. Times are epoch seconds.

    `marker` is the library's change marker at the last look, `listed` the one at the last whole listing,
    `newest` the highest `addedAt` seen.
    """

    generation: int
    marker: str
    listed: str
    listed_at: float
    newest: int
    files: int


class FileIndex:
    """The index of every library. A library's UUID is its own on every server, so servers do not mix."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            self._cache = _open(folder)
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            self._cache = _recreate(folder)

    def close(self) -> None:
        """Close the cache's files."""
        self._cache.close()

    def state(self, section_uuid: str) -> IndexState | None:
        """What is known of a library; None when it was never listed."""
        with self._reset_if_corrupt():
            row = self._cache.get(["state", section_uuid])
            return IndexState(**row) if isinstance(row, dict) else None
        return None

    def by_name(self, section_uuid: str, path: str) -> list[PlexFile]:
        """Every file of the library whose normalised name is that of `path`; [] when there is none."""
        state = self.state(section_uuid)
        if state is None:
            return []
        name = normal_name(path)
        with self._reset_if_corrupt():
            bucket = self._bucket(section_uuid, state.generation, _bucket_of(name))
            return [PlexFile(*row) for row in bucket.get(name, ())]
        return []

    def rebuild(
        self, section_uuid: str, files: Iterable[PlexFile], *, marker: str, now: float, newest: int
    ) -> bool:
        """Replace the library's index in one transaction; until it is done the old one answers.

        Whether any file is new, or is another item's now.
        """
        buckets: _Buckets = {}
        count = 0
        for file in files:
            name = normal_name(file.path)
            rows = buckets.setdefault(_bucket_of(name), {}).setdefault(name, [])
            rows.append([file.path, file.size, file.item, file.section])
            count += 1
        state = IndexState(1, marker, marker, now, newest, count)
        with self._reset_if_corrupt():
            return self._replace(section_uuid, buckets, state)
        return self._replace(section_uuid, buckets, state)

    def add(self, section_uuid: str, files: Iterable[PlexFile], *, marker: str, newest: int) -> int:
        """Add or replace single files in a listed library; how many are new."""
        state = self.state(section_uuid)
        if state is not None:
            with self._reset_if_corrupt():
                return self._add(section_uuid, state, files, marker, newest)
        return 0

    def forget_item(self, section_uuid: str, path: str, item: int) -> None:
        """Remove one file of an item that proved to be gone or to play something else."""
        state = self.state(section_uuid)
        if state is None:
            return
        name = normal_name(path)
        number = _bucket_of(name)
        with self._reset_if_corrupt():
            bucket = self._bucket(section_uuid, state.generation, number)
            rows = [row for row in bucket.get(name, []) if row[2] != item]
            if len(rows) != len(bucket.get(name, [])):
                self._cache.set(
                    self._key(section_uuid, state.generation, number), {**bucket, name: rows}
                )

    def clear(self) -> int:
        """Forget everything; how many rows."""
        with self._reset_if_corrupt():
            return int(self._cache.clear())
        return 0

    # -- damage ---------------------------------------------------------------------------------

    @contextmanager
    def _reset_if_corrupt(self) -> Iterator[None]:
        """What a damaged cache could not do ends here, and the index is empty; whatever else failed is raised."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            self._reset()
        except _SENSELESS:
            self._reset()

    def _reset(self) -> None:
        self._cache.close()
        self._cache = _recreate(self._folder)

    # -- rows -----------------------------------------------------------------------------------

    def _replace(self, section_uuid: str, buckets: _Buckets, state: IndexState) -> bool:
        old = self.state(section_uuid)
        generation = old.generation + 1 if old else 1
        gained = old is None or any(
            bucket != self._bucket(section_uuid, old.generation, number)
            for number, bucket in buckets.items()
        )
        with self._cache.transact():
            for number, bucket in buckets.items():
                self._cache.set(self._key(section_uuid, generation, number), bucket)
            self._keep(section_uuid, replace(state, generation=generation))
            if old is not None:
                self._drop(section_uuid, old.generation)
        return gained

    def _add(
        self,
        section_uuid: str,
        state: IndexState,
        files: Iterable[PlexFile],
        marker: str,
        newest: int,
    ) -> int:
        added = 0
        for file in files:
            name = normal_name(file.path)
            number = _bucket_of(name)
            bucket = self._bucket(section_uuid, state.generation, number)
            row = [file.path, file.size, file.item, file.section]
            rows = [
                known
                for known in bucket.get(name, [])
                if known[0] != file.path or known[2] != file.item
            ]
            if row in bucket.get(name, []):
                continue
            added += 1
            self._cache.set(
                self._key(section_uuid, state.generation, number), {**bucket, name: [*rows, row]}
            )
        kept = replace(
            state, marker=marker, newest=max(newest, state.newest), files=state.files + added
        )
        if kept != state:
            self._keep(section_uuid, kept)
        return added

    def _keep(self, section_uuid: str, state: IndexState) -> None:
        self._cache.set(["state", section_uuid], asdict(state))

    def _drop(self, section_uuid: str, generation: int) -> None:
        with self._cache.transact():
            for number in range(BUCKETS):
                self._cache.delete(self._key(section_uuid, generation, number))

    def _bucket(
        self, section_uuid: str, generation: int, number: int
    ) -> dict[str, list[list[Any]]]:
        bucket = self._cache.get(self._key(section_uuid, generation, number))
        return bucket if isinstance(bucket, dict) else {}

    def _key(self, section_uuid: str, generation: int, number: int) -> list[Any]:
        return ["files", section_uuid, generation, number]


def _open(folder: Path) -> Cache:
    return Cache(str(folder), disk=SafeJSONDisk, eviction_policy="none")


def _recreate(folder: Path) -> Cache:
    shutil.rmtree(folder, ignore_errors=True)
    return _open(folder)


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether the file is damaged, its schema included, rather than busy, full or out of reach."""
    return not isinstance(error, sqlite3.OperationalError) or "no such" in str(error)


def normal_name(path: str) -> str:
    """The file name by which candidates are gathered: caseless, composed, whatever the separator."""
    return normal_path(file_name(path))


def _bucket_of(name: str) -> int:
    return zlib.crc32(name.encode("utf-8", "surrogatepass")) % BUCKETS
