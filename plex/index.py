"""Which item plays which file, kept on disk so that a lookup asks nobody.

A library of 100,000 files is spread over a fixed number of buckets by file name; a bucket is one JSON
row, so a lookup reads one row and building writes a thousand. A library is listed into a new generation
and switched in one transaction: a kill in the middle leaves the old index whole.
"""

import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from diskcache import Cache

from core.match import PlexFile
from plex.json_disk import PlainDisk
from plex.paths import file_name, normal_path

BUCKETS = 1024


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
        self._cache = Cache(str(folder), disk=PlainDisk, eviction_policy="none")

    def close(self) -> None:
        """Close the cache's files."""
        self._cache.close()

    def state(self, section_uuid: str) -> IndexState | None:
        """What is known of a library; None when it was never listed."""
        row = self._cache.get(["state", section_uuid])
        return IndexState(**row) if isinstance(row, dict) else None

    def by_name(self, section_uuid: str, path: str) -> list[PlexFile]:
        """Every file of the library whose normalised name is that of `path`; [] when there is none."""
        state = self.state(section_uuid)
        if state is None:
            return []
        name = normal_name(path)
        bucket = self._bucket(section_uuid, state.generation, _bucket_of(name))
        return [PlexFile(*row) for row in bucket.get(name, ())]

    def rebuild(self, section_uuid: str, files: Iterable[PlexFile], *, marker: str, now: float, newest: int) -> bool:
        """Replace the library's index in one transaction; until it is done the old one answers.

        Whether any file is new, or is another item's now.
        """
        old = self.state(section_uuid)
        generation = old.generation + 1 if old else 1
        buckets: dict[int, dict[str, list[list[Any]]]] = {}
        count = 0
        for file in files:
            name = normal_name(file.path)
            rows = buckets.setdefault(_bucket_of(name), {}).setdefault(name, [])
            rows.append([file.path, file.size, file.item, file.section])
            count += 1
        gained = old is None or any(
            bucket != self._bucket(section_uuid, old.generation, number) for number, bucket in buckets.items()
        )
        with self._cache.transact():
            for number, bucket in buckets.items():
                self._cache.set(self._key(section_uuid, generation, number), bucket)
            self._keep(section_uuid, IndexState(generation, marker, marker, now, newest, count))
            if old is not None:
                self._drop(section_uuid, old.generation)
        return gained

    def add(self, section_uuid: str, files: Iterable[PlexFile], *, marker: str, newest: int) -> int:
        """Add or replace single files in a listed library; how many are new."""
        state = self.state(section_uuid)
        if state is None:
            return 0
        added = 0
        for file in files:
            name = normal_name(file.path)
            number = _bucket_of(name)
            bucket = self._bucket(section_uuid, state.generation, number)
            row = [file.path, file.size, file.item, file.section]
            rows = [known for known in bucket.get(name, []) if known[0] != file.path or known[2] != file.item]
            if row in bucket.get(name, []):
                continue
            added += 1
            self._cache.set(self._key(section_uuid, state.generation, number), {**bucket, name: [*rows, row]})
        kept = replace(state, marker=marker, newest=max(newest, state.newest), files=state.files + added)
        if kept != state:
            self._keep(section_uuid, kept)
        return added

    def forget_item(self, section_uuid: str, path: str, item: int) -> None:
        """Remove one file of an item that proved to be gone or to play something else."""
        state = self.state(section_uuid)
        if state is None:
            return
        name = normal_name(path)
        number = _bucket_of(name)
        bucket = self._bucket(section_uuid, state.generation, number)
        rows = [row for row in bucket.get(name, []) if row[2] != item]
        if len(rows) != len(bucket.get(name, [])):
            self._cache.set(self._key(section_uuid, state.generation, number), {**bucket, name: rows})

    def clear(self) -> int:
        """Forget everything; how many rows."""
        return int(self._cache.clear())

    # -- rows -----------------------------------------------------------------------------------

    def _keep(self, section_uuid: str, state: IndexState) -> None:
        self._cache.set(["state", section_uuid], asdict(state))

    def _drop(self, section_uuid: str, generation: int) -> None:
        with self._cache.transact():
            for number in range(BUCKETS):
                self._cache.delete(self._key(section_uuid, generation, number))

    def _bucket(self, section_uuid: str, generation: int, number: int) -> dict[str, list[list[Any]]]:
        bucket = self._cache.get(self._key(section_uuid, generation, number))
        return bucket if isinstance(bucket, dict) else {}

    def _key(self, section_uuid: str, generation: int, number: int) -> list[Any]:
        return ["files", section_uuid, generation, number]


def normal_name(path: str) -> str:
    """The file name by which candidates are gathered: caseless, composed, whatever the separator."""
    return normal_path(file_name(path))


def _bucket_of(name: str) -> int:
    return zlib.crc32(name.encode("utf-8", "surrogatepass")) % BUCKETS
