"""Lines of the log keep what PlexSync chose and lose what the user did."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.log import event_line
from page.private_text import HIDDEN, PrivateWords, hide_line, scene_ids, texts_in

TIME = "2026-01-31 12:00:00,000"
NOTHING = PrivateWords([], is_complete=True)
UNKNOWN = PrivateWords([], is_complete=False)
# Words that no text of PlexSync's own holds.
PRIVATE = st.text("qxzé", min_size=4, max_size=60)
FRAMES = (
    "{}",
    "no item plays {}",
    "'{}' was rejected",
    "looked for /data/{}/a.mp4; item 7: /media/{}.mp4",
    "could not reach {}:32400",
    "https://{}.example:32400/library?name={}",
    "names: a, {}, c",
    "mail {}@example.org",
    'He said "{}" twice',
)


def text_line(**facts: object) -> str:
    return f"{TIME} WARNING sync.retry {event_line('x', facts)[2:]}"


def json_line(**facts: object) -> str:
    head = {"time": TIME, "level": "WARNING", "event": "sync.retry"}
    return json.dumps({**head, **facts}, ensure_ascii=False)


def test_what_plexsync_chose_is_kept() -> None:
    line = text_line(
        scene="42",
        cause="update+scan",
        item=(7, 8),
        reason="PlexNotFound",
        attempt=2,
        next_s=240,
        took_s=0.123,
    )

    assert hide_line(line, UNKNOWN) == line


@pytest.mark.parametrize("make", [text_line, json_line])
@given(PRIVATE, st.sampled_from(FRAMES), st.sampled_from(["detail", "message", "trace", "file"]))
def test_nothing_private_is_left(make: object, word: str, frame: str, key: str) -> None:
    assert callable(make)
    line = make(**{"scene": 42, key: frame.replace("{}", word), "took_s": 0.1})

    hidden = hide_line(line, PrivateWords([word.upper()], is_complete=True))

    assert word.casefold() not in hidden.casefold()
    assert hidden.startswith(f"{TIME} WARNING sync.retry scene=42 ")
    assert hidden.endswith(" took_s=0.1")


@pytest.mark.parametrize(
    "text",
    [
        "https://nas.lan:32400/web",
        "192.168.1.10",
        "192.168.1.10:32400",
        "fe80::1ff:fe23:4567:890a",
        "[2001:db8:0:0:0:0:2:1]:32400",
        "plex.home.arpa",
        "someone@example.org",
        "/data/films/x.mp4",
        "D:\\films\\x.mp4",
        "'Night Train'",
    ],
)
def test_addresses_paths_and_quotes_are_hidden_anywhere(text: str) -> None:
    hidden = hide_line(text_line(detail=f"Plex says no ({text}) and waits"), NOTHING)

    assert text not in hidden
    assert "Plex says no" in hidden


@pytest.mark.parametrize("text", ["Night  Train", "night train", "NIGHT\tTRAIN"])
def test_blanks_and_case_do_not_save_a_title(text: str) -> None:
    words = PrivateWords([text], is_complete=True)

    assert "rain" not in hide_line(text_line(detail="lost Night Train again"), words).lower()


def test_the_beginning_of_a_cut_text_is_hidden() -> None:
    words = PrivateWords(["A summary that is much longer than what is shown"], is_complete=True)

    hidden = hide_line(text_line(detail="lost A summary that is much longer..."), words)

    assert "A summary that is much" not in hidden


def test_without_knowing_what_is_private_no_sentence_is_shown() -> None:
    hidden = hide_line(text_line(scene=42, detail="no item plays Zug"), UNKNOWN)

    assert hidden == text_line(scene=42, detail=HIDDEN)


@pytest.mark.parametrize("line", ["", "Traceback (most recent call last):", "{", '{"a": 1}', "a b"])
def test_what_is_no_event_is_hidden(line: str) -> None:
    assert hide_line(line, NOTHING) == HIDDEN


@given(st.text())
def test_any_line_can_be_hidden(text: str) -> None:
    assert isinstance(hide_line(text, NOTHING), str)


def test_scenes_of_lines_are_known() -> None:
    lines = [text_line(scene=42), json_line(scene="43"), text_line(scenes=7), "scene=44", ""]

    assert scene_ids(lines) == {42, 43}


def test_every_text_of_a_document_counts_except_for_ids() -> None:
    document = {"id": "7", "title": "A", "files": [{"path": "/a", "size": 3}], "studio": None}

    assert list(texts_in([document, "B"])) == ["A", "/a", "B"]
