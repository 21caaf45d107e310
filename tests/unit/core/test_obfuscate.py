"""Paths become words, the same ones everywhere, and nothing of a name is left over."""

import pytest

from core.obfuscate import hide_paths

SECRETS = ("secret", "bob", "holiday", "part")


@pytest.mark.parametrize(
    "text",
    [
        "/data/secret/holiday.mp4",
        "looked for /data/secret/Bob's holiday, part 1.mp4, /media/secret/holiday (2019).mkv. Let Plex scan.",
        "item 101 name_only 0.4 /media/Bob/holiday.mp4",
        'sync.retry scene=4 detail="no item plays /data/secret; holiday.mp4"',
        "D:\\secret\\Bob\\holiday.mp4",
        "\\\\server\\secret\\holiday.mp4",
        "paths.learned pairs=/data/secret=>/media/bob,/data/holiday=>/x files=3",
        "Learned: /data/secret => /media/holiday (20 files).",
        "Looked at: item 1 exact_path 1.0 /m/secret/a.mp4; item 2 exact_path 1.0 /m/bob/b.mp4.",
        "its file lies below /data/secret",
        "Scene 3 (holiday (2019) part.mp4) is in the dead letters: WeakMatch.",
    ],
)
def test_nothing_of_a_path_is_left_over(text: str) -> None:
    hidden = hide_paths(text).casefold()

    assert not [word for word in SECRETS if word in hidden]


@pytest.mark.parametrize(
    "text",
    [
        "sync.done scene=42 cause=update item=9137 what=wrote wrote=title,tags took_s=0.18",
        "Plex answers at http://192.168.1.10:32400 (server 33f3d0aa).",
        "3 done, 0 left, 1.5 a second.",
        "Date 2024/05/01 and 24 h/day.",
        "",
    ],
)
def test_a_text_without_a_path_stays_as_it_is(text: str) -> None:
    assert hide_paths(text) == text


def test_the_words_around_paths_stay() -> None:
    hidden = hide_paths("looked for /a/b.mp4, /c/d.mkv. Let Plex scan its folder.")

    assert hidden.startswith("looked for /")
    assert hidden.endswith(". Let Plex scan its folder.")
    assert ".mp4, /" in hidden


def test_the_same_name_is_the_same_words_everywhere() -> None:
    first = hide_paths("/data/films/one.mp4")
    second = hide_paths('detail="/data/films/two.mp4"')

    assert first.rpartition("/")[0] == second.removeprefix('detail="').rpartition("/")[0]
    assert first != hide_paths("/data/films/two.mp4")
    assert (
        first == "/olive-laurel-linen/flint-cricket-apple/mint-cotton-basil.mp4"
    )  # after every restart
