"""Keep on disk which Plex item plays which file, so that a look-up sends no request.

The files of a library are spread over a fixed number of buckets by file name, and each bucket is
one JSON row: a look-up reads one row. One transaction replaces a library's rows, so a kill leaves
either the old index or the new one. A damaged index is deleted as a whole, and Plex is listed
again.
"""

import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from core.match import PlexFile
from plex.index_cache import has_unreadable_keys, is_cache_damage, open_cache, recreate_cache
from plex.index_changes import ChangeCollector, IndexChange, parse_change
from plex.paths import folded_name

BUCKETS = 1024
# The form of the file names that the buckets are made of; an index of another one is listed again.
# 2: names that SMB clients mangle are folded.
NAME_FORM = 2

_Rows: TypeAlias = list[list[Any]]
_Bucket: TypeAlias = dict[str, _Rows]

# SQLite reads such rows, but their content is no index, or one of version 1.1.0.
_CORRUPT = (zlib.error, ValueError, TypeError)


@dataclass(frozen=True, slots=True)
class IndexState:
    """The state of one library's index. Times are epoch seconds.

    `marker` is the library's change marker when Plex was last asked for it, `listed` the marker at
    the last complete listing, `newest` the highest `addedAt` of its items.
    """

    marker: str
    listed: str
    listed_at: float
    newest: int
    files: int


class FileIndex:
    """The index of all libraries, by the UUID of a library, which is unique on all servers."""

    def __init__(self, folder: Path) -> None:
        """Open the index in `folder`; replace a damaged or earlier one by an empty one."""
        self._folder = folder
        # Libraries that were listed, so that a look-up reads one row and not two.
        self._listed: set[str] = set()
        try:
            self._cache = open_cache(folder)
        except sqlite3.DatabaseError as error:
            if not is_cache_damage(error):
                raise
            self._cache = recreate_cache(folder)
        with self._reset_if_corrupt():
            if has_unreadable_keys(self._cache):
                self._cache.clear()

    def close(self) -> None:
        """Close the cache's files."""
        self._cache.close()

    def state(self, section_uuid: str) -> IndexState | None:
        """Return the state of a library's index; None if the library was never listed."""
        with self._reset_if_corrupt():
            row = self._cache.get(_state_key(section_uuid))
            return IndexState(**row) if isinstance(row, dict) else None
        return None

    def by_name(self, section_uuid: str, path: str) -> list[PlexFile]:
        """Return all files of the library that have the normalized name of `path`."""
        if section_uuid not in self._listed:
            if self.state(section_uuid) is None:
                return []
            self._listed.add(section_uuid)
        name = folded_name(path)
        with self._reset_if_corrupt():
            bucket = self._bucket(section_uuid, _bucket_of(name))
            return [PlexFile(*row) for row in bucket.get(name, ())]
        return []

    def files(self, section_uuid: str) -> Iterator[PlexFile]:
        """Yield every file of the library; this reads the whole index."""
        if self.state(section_uuid) is None:
            return
        with self._reset_if_corrupt():
            for number in sorted(self._stored_numbers(section_uuid)):
                for rows in self._bucket(section_uuid, number).values():
                    yield from (PlexFile(*row) for row in rows)

    def rebuild(
        self, section_uuid: str, files: Iterable[PlexFile], *, marker: str, now: float, newest: int
    ) -> bool:
        """Replace the library's index in one transaction; until its end the old index is read.

        Returns:
            True if a file is new, or belongs to another item than before.
        """
        buckets: dict[int, _Bucket] = {}
        count = 0
        for file in files:
            name = folded_name(file.path)
            rows = buckets.setdefault(_bucket_of(name), {}).setdefault(name, [])
            rows.append(_row(file))
            count += 1
        state = IndexState(marker, marker, now, newest, count)
        with self._reset_if_corrupt():
            return self._replace(section_uuid, buckets, state)
        return self._replace(section_uuid, buckets, state)

    def add(self, section_uuid: str, files: Iterable[PlexFile], *, marker: str, newest: int) -> int:
        """Add or replace single files in a listed library; return how many are new."""
        state = self.state(section_uuid)
        if state is not None:
            with self._reset_if_corrupt():
                return self._add(section_uuid, state, files, marker, newest)
        return 0

    def forget_item(self, section_uuid: str, path: str, item: int) -> None:
        """Remove a file of an item that was deleted in Plex, or that plays another file."""
        if self.state(section_uuid) is None:
            return
        name = folded_name(path)
        number = _bucket_of(name)
        with self._reset_if_corrupt():
            bucket = self._bucket(section_uuid, number)
            rows = [row for row in bucket.get(name, []) if row[2] != item]
            if len(rows) != len(bucket.get(name, [])):
                self._set_bucket(section_uuid, number, {**bucket, name: rows})

    def change(self, section_uuid: str) -> IndexChange:
        """Return what has changed since `forget_change`; an empty change for nothing.

        The first listing of a library is no change.
        """
        with self._reset_if_corrupt():
            return parse_change(self._cache.get(["changes", section_uuid]))
        return IndexChange()

    def forget_change(self, section_uuid: str, change: IndexChange) -> None:
        """Forget a change that was carried out, unless another process has added to it."""
        with self._reset_if_corrupt(), self._cache.transact():
            if self.change(section_uuid) == change:
                self._cache.delete(["changes", section_uuid])

    def clear(self) -> int:
        """Remove the index of every library; return the number of rows removed."""
        self._listed.clear()
        with self._reset_if_corrupt():
            return int(self._cache.clear())
        return 0

    # -- damage ---------------------------------------------------------------------------------

    @contextmanager
    def _reset_if_corrupt(self) -> Iterator[None]:
        """Replace a damaged or unreadable cache by an empty one; raise any other error."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            if not is_cache_damage(error):
                raise
            self._reset()
        except _CORRUPT:
            self._reset()

    def _reset(self) -> None:
        self._listed.clear()
        self._cache.close()
        self._cache = recreate_cache(self._folder)

    # -- rows -----------------------------------------------------------------------------------

    def _replace(self, section_uuid: str, buckets: dict[int, _Bucket], state: IndexState) -> bool:
        was_listed = self.state(section_uuid) is not None
        has_new_files = not was_listed
        collector = ChangeCollector()
        with self._cache.transact():
            for number in sorted(self._stored_numbers(section_uuid).union(buckets)):
                bucket, old = buckets.get(number), self._bucket(section_uuid, number)
                if bucket is None:
                    self._cache.delete(_key(section_uuid, number))
                elif bucket != old:
                    self._set_bucket(section_uuid, number, bucket)
                    has_new_files = True
                collector.compare(_pairs(old), _pairs(bucket or {}))
            if was_listed:
                items = (item for bucket in buckets.values() for _, item in _pairs(bucket))
                self._add_change(section_uuid, collector.change(items))
            self._set_state(section_uuid, state)
        return has_new_files

    def _add_change(self, section_uuid: str, change: IndexChange) -> None:
        if not change.is_empty:
            whole = self.change(section_uuid).followed_by(change)
            self._cache.set(["changes", section_uuid], whole.document())

    def _add(
        self,
        section_uuid: str,
        state: IndexState,
        files: Iterable[PlexFile],
        marker: str,
        newest: int,
    ) -> int:
        added = 0
        gained: set[tuple[str, int]] = set()
        for file in files:
            name = folded_name(file.path)
            number = _bucket_of(name)
            bucket = self._bucket(section_uuid, number)
            known_rows = bucket.get(name, [])
            row = _row(file)
            if row in known_rows:
                continue
            # The same file of the same item has another size now.
            others = [
                known for known in known_rows if known[0] != file.path or known[2] != file.item
            ]
            self._set_bucket(section_uuid, number, {**bucket, name: [*others, row]})
            added += 1
            if len(others) == len(known_rows):
                gained.add((file.path, file.item))
        self._add_change(section_uuid, IndexChange(frozenset(gained)))
        new_state = replace(
            state, marker=marker, newest=max(newest, state.newest), files=state.files + added
        )
        if new_state != state:
            self._set_state(section_uuid, new_state)
        return added

    def _set_state(self, section_uuid: str, state: IndexState) -> None:
        self._cache.set(_state_key(section_uuid), asdict(state))

    def _stored_numbers(self, section_uuid: str) -> set[int]:
        """Return the numbers of the library's buckets that have a row; most have none at first."""
        own = _key(section_uuid, 0)[:2]
        return {key[2] for key in self._cache if isinstance(key, list) and key[:2] == own}

    def _bucket(self, section_uuid: str, number: int) -> _Bucket:
        bucket = self._cache.get(_key(section_uuid, number))
        return bucket if isinstance(bucket, dict) else {}

    def _set_bucket(self, section_uuid: str, number: int, bucket: _Bucket) -> None:
        self._cache.set(_key(section_uuid, number), bucket)


def _key(section_uuid: str, number: int) -> list[Any]:
    return ["files", section_uuid, number]


def _state_key(section_uuid: str) -> list[Any]:
    return ["state", section_uuid, NAME_FORM]


def _row(file: PlexFile) -> list[Any]:
    return [file.path, file.size, file.item, file.section]


def _bucket_of(name: str) -> int:
    return zlib.crc32(name.encode("utf-8", "surrogatepass")) % BUCKETS


def _pairs(bucket: _Bucket) -> Iterator[tuple[str, int]]:
    """Yield (path, rating key) of each file in a bucket."""
    return ((row[0], row[2]) for rows in bucket.values() for row in rows)
