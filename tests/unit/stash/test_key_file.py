"""Stash's API key on disk: for its owner only, replaced and forgotten."""

import os
import stat
from pathlib import Path

import pytest

from stash.key_file import FILE_NAME, KeyFile


def test_a_kept_key_is_read_by_the_next_process(tmp_path: Path) -> None:
    KeyFile(tmp_path).keep("the-key")

    assert KeyFile(tmp_path).read() == "the-key"
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")
def test_only_the_owner_may_read_the_key(tmp_path: Path) -> None:
    KeyFile(tmp_path).keep("the-key")

    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


def test_a_new_key_replaces_the_old_one(tmp_path: Path) -> None:
    KeyFile(tmp_path).keep("old")
    KeyFile(tmp_path).keep("new")

    assert KeyFile(tmp_path).read() == "new"


def test_no_key_leaves_no_file(tmp_path: Path) -> None:
    KeyFile(tmp_path).keep("the-key")
    KeyFile(tmp_path).keep("")

    assert list(tmp_path.iterdir()) == []


def test_a_newer_key_is_not_forgotten_with_the_refused_one(tmp_path: Path) -> None:
    KeyFile(tmp_path).keep("newer")

    KeyFile(tmp_path).forget("refused")

    assert KeyFile(tmp_path).read() == "newer"


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"  \n"])
def test_an_unreadable_key_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)

    assert KeyFile(tmp_path).read() == ""


def test_a_folder_that_is_gone_costs_nothing(tmp_path: Path) -> None:
    KeyFile(tmp_path / "gone").keep("the-key")

    assert KeyFile(tmp_path / "gone").read() == ""
    assert not (tmp_path / "gone").exists()
