"""Rows of a dry run are kept whole or not at all, paged, and end after a day."""

import os
import stat
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.dry_run_file import (
    FILE_NAME,
    KEPT_S,
    SYNC,
    DryRunRow,
    DryRunTotals,
    DryRunWriter,
    RowChoice,
    read_dry_run,
    remove_old_dry_run,
)

NOW = 1_780_000_000.0
ALL = RowChoice()
ROW = DryRunRow(1, "Nächtlicher Zug", "write", "same path", (("title", "Zug"), ("tags", "")))
ROWS = st.lists(
    st.builds(
        DryRunRow,
        scene=st.integers(1, 2**53),
        title=st.text(),
        kind=st.sampled_from(["write", "stale", "missing"]),
        evidence=st.text(),
        changes=st.lists(
            st.tuples(st.sampled_from(["title", "tags", "date"]), st.text()), max_size=3
        ).map(tuple),
    ),
    max_size=30,
)


def save(folder: Path, rows: list[DryRunRow], checked: int = 50) -> None:
    with DryRunWriter(folder, SYNC, lambda seconds: None) as writer:
        for row in rows:
            writer.add(row)
        writer.finish(checked, {}, NOW)
    assert writer.problem == ""


def read(folder: Path, choice: RowChoice = ALL, now: float = NOW) -> list[DryRunRow] | None:
    found = read_dry_run(folder, now, choice)
    return None if found is None else found[2]


def test_a_row_is_read_as_it_was_written(tmp_path: Path) -> None:
    save(tmp_path, [ROW])

    found = read_dry_run(tmp_path, NOW, RowChoice())

    assert found is not None
    assert found[0] == DryRunTotals(NOW, SYNC, 50, 1, {"write": 1}, {"title": 1, "tags": 1})
    assert found[2] == [ROW]


@given(ROWS, st.sampled_from(["", "write", "stale"]), st.sampled_from(["", "title", "date"]))
def test_pages_hold_each_matching_row_once(
    tmp_path_factory: pytest.TempPathFactory, rows: list[DryRunRow], kind: str, field: str
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    save(folder, rows)
    wanted = [
        row for row in rows if kind in ("", row.kind) and (not field or field in dict(row.changes))
    ]

    pages = [
        read_dry_run(folder, NOW, RowChoice(kind, field, offset, 7)) for offset in range(0, 35, 7)
    ]

    assert [row for page in pages if page for row in page[2]] == wanted
    assert {page[1] for page in pages if page} == {len(wanted)}


def test_half_a_character_of_a_file_name_is_replaced(tmp_path: Path) -> None:
    save(tmp_path, [replace(ROW, title="a\ud800b")])

    assert read(tmp_path) == [replace(ROW, title="a?b")]


def test_a_run_that_ends_early_leaves_the_one_before(tmp_path: Path) -> None:
    save(tmp_path, [ROW])

    with pytest.raises(KeyError), DryRunWriter(tmp_path, SYNC, lambda seconds: None) as writer:
        writer.add(ROW)
        raise KeyError

    assert read(tmp_path) == [ROW]
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_a_day_later_there_is_no_dry_run(tmp_path: Path) -> None:
    save(tmp_path, [ROW])

    assert read(tmp_path, now=NOW + KEPT_S - 1.0) == [ROW]
    assert read(tmp_path, now=NOW + KEPT_S) is None
    assert read(tmp_path, now=NOW - KEPT_S) is None


def test_old_files_are_deleted_young_ones_stay(tmp_path: Path) -> None:
    save(tmp_path, [ROW])
    (tmp_path / f"{FILE_NAME}.7.tmp").touch()
    (tmp_path / "queue.db").touch()
    written = (tmp_path / FILE_NAME).stat().st_mtime

    remove_old_dry_run(tmp_path, written + 60.0)
    young = sorted(path.name for path in tmp_path.iterdir())
    remove_old_dry_run(tmp_path, written + KEPT_S + 60.0)

    assert young == [FILE_NAME, f"{FILE_NAME}.7.tmp", "queue.db"]
    assert [path.name for path in tmp_path.iterdir()] == ["queue.db"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"at": 1}', "\x00", '{"scene": 1}\n7\n'])
def test_a_damaged_file_is_no_dry_run(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE_NAME).write_text(content, "utf-8")

    assert read(tmp_path) is None


def test_a_disk_that_takes_nothing_is_named(tmp_path: Path) -> None:
    with DryRunWriter(tmp_path / "nowhere", SYNC, lambda seconds: None) as writer:
        writer.add(ROW)
        writer.finish(1, {}, NOW)

    assert "nowhere" in writer.problem


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")
def test_only_the_owner_may_read_the_rows(tmp_path: Path) -> None:
    save(tmp_path, [ROW])

    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


def test_the_last_of_many_rows_costs_no_memory(tmp_path: Path) -> None:
    save(tmp_path, [DryRunRow(number, "A title", "write", "", ()) for number in range(20_000)])
    tracemalloc.start()

    rows = read(tmp_path, RowChoice(kind="write", offset=19_990, limit=50))

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [row.scene for row in rows or ()] == list(range(19_990, 20_000))
    assert peak < 400_000
