"""Test the cache on disk: JSON goes in and out, and a planted pickle is not loaded."""

import pickle
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

import pytest
from diskcache import Cache
from diskcache.core import MODE_PICKLE

from plex.safe_json_disk import SafeJSONDisk


class PickleBomb:
    """Leaves a file behind when it is loaded."""

    def __init__(self, sprung: Path) -> None:
        self.sprung = sprung

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self.sprung,)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A cache that holds one entry."""
    with Cache(str(tmp_path / "cache"), disk=SafeJSONDisk) as cache:
        cache.set(["state", "abc"], {"files": 3})
    return tmp_path / "cache"


def plant(folder: Path, assignment: str, *values: object) -> None:
    """Change the one row behind the cache's back."""
    with closing(sqlite3.connect(folder / "cache.db")) as connection, connection:
        connection.execute(f"UPDATE Cache SET {assignment}", values)


def test_an_entry_is_read_as_it_was_written(folder: Path) -> None:
    with Cache(str(folder), disk=SafeJSONDisk) as cache:
        assert cache.get(["state", "abc"]) == {"files": 3}
        assert list(cache) == [["state", "abc"]]


def test_a_planted_value_is_nothing_and_is_not_loaded(folder: Path, tmp_path: Path) -> None:
    plant(folder, "mode = ?, value = ?", MODE_PICKLE, pickle.dumps(PickleBomb(tmp_path / "sprung")))

    with Cache(str(folder), disk=SafeJSONDisk) as cache:
        found = cache.get(["state", "abc"])

    assert found is None
    assert not (tmp_path / "sprung").exists()


def test_a_planted_key_is_nothing_and_is_not_loaded(folder: Path, tmp_path: Path) -> None:
    plant(folder, "raw = 0, key = ?", pickle.dumps(PickleBomb(tmp_path / "sprung")))

    with Cache(str(folder), disk=SafeJSONDisk) as cache:
        keys = list(cache)

    assert keys == [None]
    assert not (tmp_path / "sprung").exists()


def test_a_key_is_the_same_text_at_every_compression_level(folder: Path) -> None:
    keys = {
        SafeJSONDisk(str(folder), compress_level=level).put(["files", "abc", 7])
        for level in range(10)
    }

    assert keys == {('["files","abc",7]', True)}


def test_a_compressed_key_of_an_earlier_version_is_nothing(folder: Path) -> None:
    plant(folder, "key = ?", zlib.compress(b'["state", "abc"]', 1))

    with Cache(str(folder), disk=SafeJSONDisk) as cache:
        assert list(cache) == [None]
