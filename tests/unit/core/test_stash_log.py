"""Lines that Stash's log reader survives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.stash_log import LEVELS, MAX_LINE, log_lines, write_log

STASH_LINE_LIMIT = 64 * 1024


@pytest.mark.parametrize(("level", "dead_letter"), sorted(LEVELS.items()))
def test_a_line_begins_with_its_level(level: str, dead_letter: bytes) -> None:
    assert log_lines(level, "hello") == [b"\x01" + dead_letter + b"\x02hello\n"]


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\r\n \t\n", "\x01\x02", "\x1c\x1d\x85"])
def test_a_text_of_nothing_is_no_line(text: str) -> None:
    assert log_lines("info", text) == []


def test_every_line_of_a_text_is_prefixed() -> None:
    assert log_lines("error", "one\n\n  two\r\nthree") == [
        b"\x01e\x02one\n",
        b"\x01e\x02two\n",
        b"\x01e\x02three\n",
    ]


def test_the_prefix_bytes_inside_a_text_are_blanked() -> None:
    assert log_lines("info", "a\x01e\x02b") == [b"\x01i\x02a e b\n"]


def test_a_broken_surrogate_becomes_a_question_mark() -> None:
    assert log_lines("info", "a\ud800b\udfff") == [b"\x01i\x02a?b?\n"]


@given(st.sampled_from(sorted(LEVELS)), st.text(st.characters(exclude_categories=[])))
def test_no_text_breaks_the_form_of_a_line(level: str, text: str) -> None:
    for line in log_lines(level, text):
        assert line.startswith(b"\x01" + LEVELS[level] + b"\x02")
        assert line.endswith(b"\n")
        assert line.count(b"\n") == line.count(b"\x01") == line.count(b"\x02") == 1
        assert len(line) > 4


@pytest.mark.parametrize("character", ["x", "é", "漢", "😀", "\ud800"])
def test_a_very_long_line_stays_below_what_ends_the_log_reading(character: str) -> None:
    lines = log_lines("info", character * STASH_LINE_LIMIT)

    assert len(lines) == 1
    assert MAX_LINE <= len(lines[0]) < STASH_LINE_LIMIT


def test_lines_are_written_one_by_one() -> None:
    written: list[bytes] = []

    write_log(written.append, "warning", "one\ntwo")

    assert written == [b"\x01w\x02one\n", b"\x01w\x02two\n"]


def test_a_closed_pipe_is_nobodys_fault() -> None:
    tries: list[bytes] = []

    def closed(line: bytes) -> None:
        tries.append(line)
        raise BrokenPipeError

    write_log(closed, "error", "one\ntwo")

    assert len(tries) == 1
