"""JSON documents that survive corruption, crowds and full disks."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from core.files import JsonFile
from tests.harness.clocks import FakeClock
from tests.harness.plugin_copy import ROOT

CREATE_AND_PRINT = """
import sys
from pathlib import Path
from core.files import JsonFile
sys.stdin.readline()
print(JsonFile(Path(sys.argv[1]), lambda seconds: None).create({"who": int(sys.argv[2])})["who"])
"""


def document(folder: Path) -> JsonFile:
    return JsonFile(folder / "state.json", FakeClock().sleep)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    document(tmp_path).write({"a": 1, "name": "Zoë"})

    assert document(tmp_path).read() == {"a": 1, "name": "Zoë"}


def test_a_document_that_was_never_written_is_nothing(tmp_path: Path) -> None:
    file = document(tmp_path)

    assert (file.read(), file.quarantined_as) == (None, None)


def test_a_document_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    document(tmp_path).write({})

    assert stat.S_IMODE((tmp_path / "state.json").stat().st_mode) == 0o600


def test_writing_leaves_nothing_else_behind(tmp_path: Path) -> None:
    document(tmp_path).write({"a": 1})
    document(tmp_path).write({"a": 2})

    assert sorted(path.name for path in tmp_path.iterdir()) == ["documents.lock", "state.json"]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[1]", b"null", b"\xff\xfe\x00", b'{"a": 1}}', b"\x00" * 512]
)
def test_a_corrupt_document_is_quarantined_and_counts_as_none(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "state.json").write_bytes(content)
    file = document(tmp_path)

    found = file.read()

    assert found is None
    assert file.quarantined_as == tmp_path / "state.json.corrupt"
    assert file.quarantined_as.read_bytes() == content
    assert not (tmp_path / "state.json").exists()


def test_a_document_unreadable_for_a_moment_is_not_corrupt(tmp_path: Path) -> None:
    """A folder is in its place, until the first pause."""
    path = tmp_path / "state.json"
    path.mkdir()

    def reappear(seconds: float) -> None:
        path.rmdir()
        path.write_text('{"a": 1}', encoding="utf-8")

    file = JsonFile(path, reappear)

    assert (file.read(), file.quarantined_as) == ({"a": 1}, None)


def test_a_document_can_be_written_after_a_quarantine(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_bytes(b"{")
    file = document(tmp_path)
    file.read()

    file.write({"a": 1})

    assert file.read() == {"a": 1}


def test_quarantining_what_another_process_moved_is_harmless(tmp_path: Path) -> None:
    file = document(tmp_path)

    file.quarantine()

    assert file.quarantined_as is None


def test_creating_keeps_the_document_that_is_there(tmp_path: Path) -> None:
    first = document(tmp_path).create({"who": 1})
    second = document(tmp_path).create({"who": 2})

    assert (first, second) == ({"who": 1}, {"who": 1})


def test_creating_replaces_a_corrupt_document(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("{", encoding="utf-8")

    found = document(tmp_path).create({"who": 1})

    assert (found, document(tmp_path).read()) == ({"who": 1}, {"who": 1})


def test_many_processes_creating_a_document_agree_on_one(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CREATE_AND_PRINT, str(tmp_path / "state.json")]
    crowd = [
        subprocess.Popen(
            [*command, str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for number in range(4)
    ]

    answers = {process.communicate("go\n", timeout=60)[0].strip() for process in crowd}

    assert len(answers) == 1
    assert document(tmp_path).read() == {"who": int(answers.pop())}


def test_a_document_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    file = document(tmp_path)
    file.write({"a": 1})
    (tmp_path / f"state.json.{os.getpid()}.tmp").mkdir()

    with pytest.raises(OSError, match="tmp"):
        file.write({"a": 2})

    assert file.read() == {"a": 1}


def test_a_folder_that_is_no_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")

    with pytest.raises(OSError, match="file"):
        document(tmp_path / "file").write({})
