"""The index answers alone, and is whole whatever happened while it was being replaced."""

import sqlite3
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from diskcache import Cache, JSONDisk

from core.match import PlexFile
from plex.index import FileIndex
from plex.safe_json_disk import SafeJSONDisk
from tests.harness.plugin_copy import ROOT

SECTION = "section-uuid"

_KILLED_REBUILD = """
import os, signal, sys
from pathlib import Path
from core.match import PlexFile
from plex.index import FileIndex

class Killed(FileIndex):
    left = int(sys.argv[2])
    def _set_bucket(self, section_uuid, number, bucket):
        Killed.left -= 1
        if Killed.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        super()._set_bucket(section_uuid, number, bucket)
    def _set_state(self, section_uuid, state):
        super()._set_state(section_uuid, state)
        os.kill(os.getpid(), signal.SIGKILL)

index = Killed(Path(sys.argv[1]))
files = [PlexFile(f"/media/new-{number}.mp4", 1, number, 1) for number in range(40)]
index.rebuild("section-uuid", files, marker="2", now=2.0, newest=2)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def index(tmp_path: Path) -> Iterator[FileIndex]:
    made = FileIndex(tmp_path / "cache")
    yield made
    made.close()


def listed(index: FileIndex, *files: PlexFile, marker: str = "1") -> None:
    index.rebuild(SECTION, files, marker=marker, now=1.0, newest=10)


def file(path: str, item: int = 1, size: int = 10) -> PlexFile:
    return PlexFile(path, size, item, 1)


def test_a_library_never_listed_has_no_state_and_no_files(index: FileIndex) -> None:
    assert index.state(SECTION) is None
    assert index.by_name(SECTION, "/media/a.mp4") == []


def test_a_file_is_found_in_any_folder_case_and_separator(
    index: FileIndex,
) -> None:
    listed(index, file("/media/x/Scene One.MP4"))

    found = index.by_name(SECTION, "D:\\videos\\scene one.mp4")

    assert found == [file("/media/x/Scene One.MP4")]


def test_a_file_is_found_by_the_name_that_smb_mangles(index: FileIndex) -> None:
    listed(index, file("/media/x/Part\uf022 1.mp4"))

    assert index.by_name(SECTION, "/data/Part: 1.mp4") == [file("/media/x/Part\uf022 1.mp4")]


def test_an_index_by_another_form_of_names_is_listed_again(tmp_path: Path) -> None:
    """Its buckets hold mangled names where a look-up does not search for them."""
    old = Cache(str(tmp_path / "cache"), disk=SafeJSONDisk, eviction_policy="none")
    state = {"marker": "1", "listed": "1", "listed_at": 1.0, "newest": 10, "files": 1}
    old.set(["state", SECTION], state)
    old.close()

    upgraded = FileIndex(tmp_path / "cache")

    assert upgraded.state(SECTION) is None
    upgraded.close()


def test_files_of_one_name_are_all_found(index: FileIndex) -> None:
    listed(index, file("/media/x/a.mp4", 1), file("/media/y/a.mp4", 2), file("/media/y/b.mp4", 3))

    found = index.by_name(SECTION, "/a.mp4")

    assert {one.item for one in found} == {1, 2}


def test_a_rebuild_forgets_what_is_gone(index: FileIndex) -> None:
    listed(index, file("/media/a.mp4", 1))
    listed(index, file("/media/b.mp4", 2), marker="2")

    assert index.by_name(SECTION, "/media/a.mp4") == []
    assert len(index.by_name(SECTION, "/media/b.mp4")) == 1


def test_a_rebuild_remembers_marker_time_and_count(index: FileIndex) -> None:
    listed(index, file("/media/a.mp4", 1), file("/media/b.mp4", 2), marker="7")

    state = index.state(SECTION)

    assert state is not None
    assert (state.marker, state.listed, state.listed_at, state.newest, state.files) == (
        "7",
        "7",
        1.0,
        10,
        2,
    )


def test_libraries_do_not_see_each_other(index: FileIndex) -> None:
    listed(index, file("/media/a.mp4"))

    assert index.by_name("other-uuid", "/media/a.mp4") == []
    assert index.state("other-uuid") is None


def test_an_added_file_is_found_and_counted_once(index: FileIndex) -> None:
    listed(index, file("/media/a.mp4", 1))

    counts = [
        index.add(SECTION, [file("/media/b.mp4", 2)], marker="2", newest=20) for _ in range(2)
    ]

    state = index.state(SECTION)
    assert counts == [1, 0]
    assert len(index.by_name(SECTION, "b.mp4")) == 1
    assert state is not None
    assert (state.marker, state.listed, state.newest, state.files) == ("2", "1", 20, 2)


def test_an_added_file_with_another_size_replaces_the_old_entry(index: FileIndex) -> None:
    listed(index, file("/media/a.mp4", 1, size=10))

    index.add(SECTION, [file("/media/a.mp4", 1, size=99)], marker="2", newest=20)

    assert [one.size for one in index.by_name(SECTION, "a.mp4")] == [99]


def test_nothing_is_added_to_a_library_that_was_never_listed(index: FileIndex) -> None:
    added = index.add(SECTION, [file("/media/a.mp4")], marker="1", newest=1)

    assert (added, index.by_name(SECTION, "a.mp4")) == (0, [])


def test_a_forgotten_item_leaves_its_namesakes_alone(index: FileIndex) -> None:
    listed(index, file("/media/x/a.mp4", 1), file("/media/y/a.mp4", 2))

    index.forget_item(SECTION, "/media/x/a.mp4", 1)
    index.forget_item("never-listed", "/media/x/a.mp4", 2)

    assert [one.item for one in index.by_name(SECTION, "a.mp4")] == [2]


def test_the_index_outlives_its_process(tmp_path: Path) -> None:
    first = FileIndex(tmp_path / "cache")
    listed(first, file("/media/a.mp4"))
    first.close()

    second = FileIndex(tmp_path / "cache")

    assert len(second.by_name(SECTION, "a.mp4")) == 1
    second.close()


def test_clearing_forgets_every_library(index: FileIndex) -> None:
    listed(index, file("/media/a.mp4"))

    index.clear()

    assert index.state(SECTION) is None


def test_many_rebuilds_leave_no_old_rows_behind(index: FileIndex, tmp_path: Path) -> None:
    files = [file(f"/media/{number}.mp4", number) for number in range(50)]
    listed(index, *files)
    after_one = index.clear()

    for turn in range(5):
        listed(index, *files, marker=str(turn))

    assert index.clear() == after_one


def test_a_listing_that_breaks_off_leaves_the_old_index_whole(index: FileIndex) -> None:
    def broken() -> Iterator[PlexFile]:
        yield file("/media/new.mp4", 2)
        raise ConnectionError

    listed(index, file("/media/old.mp4", 1))

    with pytest.raises(ConnectionError):
        index.rebuild(SECTION, broken(), marker="2", now=2.0, newest=2)

    state = index.state(SECTION)
    assert state is not None
    assert state.marker == "1"
    assert len(index.by_name(SECTION, "old.mp4")) == 1
    assert index.by_name(SECTION, "new.mp4") == []


@pytest.mark.parametrize("steps", [0, 1, 20, 39, 45, 300])
def test_a_kill_during_a_rebuild_leaves_the_old_or_new_index(tmp_path: Path, steps: int) -> None:
    folder = tmp_path / "cache"
    before = FileIndex(folder)
    listed(before, *(file(f"/media/old-{number}.mp4", number) for number in range(40)))
    before.close()

    killed = subprocess.run(
        [sys.executable, "-c", _KILLED_REBUILD, str(folder), str(steps)],
        env={"PYTHONPATH": str(ROOT)},
        timeout=60,
    )

    after = FileIndex(folder)
    old, new = (
        sum(bool(after.by_name(SECTION, f"{kind}-{number}.mp4")) for number in range(40))
        for kind in ("old", "new")
    )
    state = after.state(SECTION)
    after.close()
    assert killed.returncode != 0
    assert state is not None
    assert (state.marker, old, new) in (("1", 40, 0), ("2", 0, 40))


def test_an_index_of_version_1_1_0_is_listed_again_once(tmp_path: Path) -> None:
    """Its state has a generation, and its larger buckets were files."""
    folder = tmp_path / "cache"
    old = Cache(str(folder), disk=JSONDisk, eviction_policy="none")
    bucket = {"a.mp4": [["/media/a.mp4", 10, 1, 1]], "b": [["x" * 50_000, 1, 2, 1]]}
    old.set(["files", SECTION, 1, zlib.crc32(b"a.mp4") % 1024], bucket)
    state = {"generation": 1, "marker": "1", "listed": "1", "listed_at": 1.0, "newest": 10}
    old.set(["state", SECTION], {**state, "files": 2})
    old.close()

    upgraded = FileIndex(folder)
    before = (upgraded.state(SECTION), upgraded.by_name(SECTION, "a.mp4"))
    listed(upgraded, file("/media/a.mp4"))
    upgraded.close()
    reopened = FileIndex(folder)
    after = reopened.by_name(SECTION, "a.mp4")
    rows = reopened.clear()
    reopened.close()

    assert before == (None, [])
    assert after == [file("/media/a.mp4")]
    assert rows == 2
    assert list(folder.rglob("*.val")) == []


def test_rows_with_compressed_keys_are_replaced_once(tmp_path: Path) -> None:
    """Rows of two versions, because an older one was installed again for a while."""
    folder = tmp_path / "cache"
    before = FileIndex(folder)
    listed(before, file("/media/a.mp4"))
    before.close()
    with Cache(str(folder), disk=JSONDisk) as old:
        old.set(["files", SECTION, 7], {"b.mp4": [["/media/b.mp4", 10, 1, 1]]})

    index = FileIndex(folder)
    state = index.state(SECTION)
    listed(index, file("/media/a.mp4"))
    index.close()
    reopened = FileIndex(folder)
    found, rows = reopened.by_name(SECTION, "a.mp4"), reopened.clear()
    reopened.close()

    assert state is None
    assert (found, rows) == ([file("/media/a.mp4")], 2)


def test_an_index_is_found_by_any_build_of_zlib(tmp_path: Path) -> None:
    """Another level stands for another build: the same text, other compressed bytes."""
    folder = tmp_path / "cache"
    index = FileIndex(folder)
    listed(index, file("/media/a.mp4"))
    index.close()

    with Cache(str(folder), disk=SafeJSONDisk, disk_compress_level=9) as elsewhere:
        [key] = [key for key in elsewhere if key[0] == "state"]
        elsewhere.set(key, {**elsewhere.get(key), "marker": "2"})
    again = FileIndex(folder)
    found, newer, rows = again.by_name(SECTION, "a.mp4"), again.state(SECTION), again.clear()
    again.close()

    assert found == [file("/media/a.mp4")]
    assert newer is not None
    assert (newer.marker, rows) == ("2", 2)


def test_no_bucket_becomes_a_file_beside_the_database(index: FileIndex, tmp_path: Path) -> None:
    """Random names, because the rows are compressed; diskcache's own limit is 32 KiB."""
    random = Random(1)
    files = [file(f"/{random.randbytes(100).hex()}/a.mp4", number) for number in range(2_000)]

    listed(index, *files)

    assert len(index.by_name(SECTION, "a.mp4")) == 2_000
    assert list((tmp_path / "cache").rglob("*.val")) == []


def scribbled(folder: Path, start: int, end: int) -> None:
    content = bytearray((folder / "cache.db").read_bytes())
    content[start:end] = b"\xa5" * len(content[start:end])
    (folder / "cache.db").write_bytes(content)


@pytest.mark.parametrize(("start", "end"), [(0, 1_000_000), (8_192, 1_000_000), (100, 4_096)])
def test_a_damaged_index_is_empty_and_can_be_filled_again(
    tmp_path: Path, start: int, end: int
) -> None:
    folder = tmp_path / "cache"
    before = FileIndex(folder)
    listed(before, *(file(f"/media/{number}.mp4", number) for number in range(400)))
    before.close()
    scribbled(folder, start, end)

    after = FileIndex(folder)
    for number in range(400):
        after.by_name(SECTION, f"{number}.mp4")
    state = after.state(SECTION)
    listed(after, file("/media/a.mp4"))
    again = after.by_name(SECTION, "a.mp4")
    after.close()

    assert state is None
    assert again == [file("/media/a.mp4")]


def test_an_invalid_row_empties_the_index(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    before = FileIndex(folder)
    listed(before, file("/media/a.mp4"))
    before.close()
    with closing(sqlite3.connect(folder / "cache.db")) as connection, connection:
        connection.execute("UPDATE Cache SET value = x'00ff00'")

    after = FileIndex(folder)
    state, found = after.state(SECTION), after.by_name(SECTION, "a.mp4")
    after.close()

    assert (state, found) == (None, [])


def test_an_index_that_is_merely_locked_is_not_forgotten(tmp_path: Path, index: FileIndex) -> None:
    listed(index, file("/media/a.mp4"))
    with closing(sqlite3.connect(tmp_path / "cache" / "cache.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        found = index.by_name(SECTION, "a.mp4")

    assert found == [file("/media/a.mp4")]
