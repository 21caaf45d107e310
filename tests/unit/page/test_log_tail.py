"""The newest lines of a log are read from its end, by level, whatever bytes it holds."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.log import open_log
from page import log_tail
from page.log_tail import MAX_LINE_CHARS, level_of, newest_lines
from page.models.runs import LogLine

TIME = "2026-01-31 12:00:00,000"
LEVELS = ("debug", "info", "warning", "error")


def line(number: int, level: str = "INFO") -> str:
    return f"{TIME} {level} event.{number} scene={number}"


def texts(path: Path, count: int = 10, level: str = "debug") -> list[str]:
    return [one.text for one in newest_lines((path,), count, level)]


@given(
    st.lists(st.tuples(st.sampled_from(LEVELS), st.text("ab é", max_size=9)), max_size=40),
    st.sampled_from(LEVELS),
    st.integers(1, 12),
)
def test_the_newest_lines_of_a_level_are_shown(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str]],
    level: str,
    count: int,
) -> None:
    path = tmp_path_factory.mktemp("log") / "plexsync.log"
    lines = [f"{TIME} {name.upper()} event detail={text}." for name, text in rows]
    path.write_text("".join(f"{one}\n" for one in lines), encoding="utf-8")
    wanted = [
        one
        for one, (name, _) in zip(lines, rows, strict=True)
        if LEVELS.index(name) >= LEVELS.index(level)
    ]

    assert texts(path, count, level) == wanted[-count:]


def test_lines_may_cross_the_blocks_that_are_read(tmp_path: Path) -> None:
    path = tmp_path / "plexsync.log"
    lines = [f"{line(number)} detail={'ä' * (number % 900)}" for number in range(2_000)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    assert texts(path, 1_000) == lines[-1_000:]
    assert path.stat().st_size > 10 * log_tail._BLOCK


def test_a_big_log_is_not_read_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "plexsync.log"
    with path.open("wb") as stream:
        stream.write(f"{line(1, 'ERROR')}\n".encode())
        stream.seek(400_000_000)
        stream.write(f"\n{line(2)}\n".encode())

    assert texts(path, 1) == [line(2)]
    assert texts(path, 9, "error") == []


def test_the_lines_of_a_trace_go_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "plexsync.log"
    path.write_text(f"{line(1)}\n rest 1\n{line(2, 'ERROR')}\n rest 2\n rest 3\n{line(3)}\n")

    assert newest_lines((path,), 9, "warning") == [
        LogLine(level="error", text=line(2, "ERROR")),
        LogLine(level="", text=" rest 2"),
        LogLine(level="", text=" rest 3"),
    ]


def test_broken_utf_8_and_endless_lines_are_shown_cut(tmp_path: Path) -> None:
    path = tmp_path / "plexsync.log"
    path.write_bytes(line(1).encode() + b" detail=\xff\xfe\n" + line(2).encode() + b"x" * 9_000)

    first, second = texts(path)

    assert first == f"{line(1)} detail=\ufffd\ufffd"
    assert len(second) == MAX_LINE_CHARS


def test_a_short_log_is_completed_from_the_rotated_one(tmp_path: Path) -> None:
    log, rotated = tmp_path / "plexsync.log", tmp_path / "plexsync.log.1"
    log.write_text(f"{line(3)}\n")
    rotated.write_text(f"{line(1)}\n{line(2)}\n")

    found = newest_lines((log, rotated), 2, "info")

    assert [one.text for one in found] == [line(2), line(3)]
    assert newest_lines((tmp_path / "none.log", rotated), 2, "info") == []


@pytest.mark.parametrize("as_json", [False, True])
def test_levels_of_the_worker_s_own_lines_are_known(tmp_path: Path, as_json: bool) -> None:
    path = tmp_path / "plexsync.log"
    log, close = open_log(path)
    log.configure(as_json=as_json, shows_steps=True, hides_paths=False)
    log.info("sync.done", scene=42)
    log.warning("sync.retry", detail="two words")
    log.error("sync.dead_letter", scene=43)
    close()

    assert [one.level for one in newest_lines((path,), 9, "debug")] == ["info", "warning", "error"]
    assert len(texts(path, 9, "error")) == 1


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"level": 7}', "{" * 9_000, json.dumps({"level": "LOUD"})]
)
def test_a_line_of_something_else_has_no_level(text: str) -> None:
    assert level_of(text) == ""
