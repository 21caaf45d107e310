"""Two spellings of one path meet; two different paths do not."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plex.paths import file_name, file_stem, folders, normal_path


@pytest.mark.parametrize(
    ("path", "name", "parents"),
    [
        ("/media/a/x.mp4", "x.mp4", ("media", "a")),
        ("C:\\media\\a\\x.mp4", "x.mp4", ("C:", "media", "a")),
        ("\\\\nas\\share\\x.mp4", "x.mp4", ("nas", "share")),
        ("/media//a/x.mp4", "x.mp4", ("media", "a")),
        ("D:/media\\a/x.mp4", "x.mp4", ("D:", "media", "a")),
        ("x.mp4", "x.mp4", ()),
        ("/x.mp4", "x.mp4", ()),
        ("", "", ()),
        ("/media/a/", "", ("media", "a")),
    ],
)
def test_a_path_is_taken_apart_at_either_separator(
    path: str, name: str, parents: tuple[str, ...]
) -> None:
    assert file_name(path) == name
    assert folders(path) == parents


@pytest.mark.parametrize(
    ("path", "stem"),
    [
        ("/a/x.mp4", "x"),
        ("/a/x.y.mp4", "x.y"),
        ("/a/x", "x"),
        ("/a/.hidden", ".hidden"),
        ("C:\\a b\\c d.mkv", "c d"),
    ],
)
def test_the_stem_is_the_name_without_its_last_extension(path: str, stem: str) -> None:
    assert file_stem(path) == stem


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("/Media/A/X.MP4", "/media/a/x.mp4"),
        ("\\media\\a\\x.mp4", "/media/a/x.mp4"),
        ("/media//a///x.mp4", "/media/a/x.mp4"),
        (unicodedata.normalize("NFD", "/média/été.mp4"), "/média/été.mp4"),
        ("/media/a /x.mp4", "/media/a/x.mp4"),
        ("/media/Straße/x.mp4", "/media/STRASSE/x.mp4"),
    ],
)
def test_spellings_of_one_path_have_one_normal_form(left: str, right: str) -> None:
    assert normal_path(left) == normal_path(right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("/media/a/x.mp4", "media/a/x.mp4"),
        ("/media/ab/x.mp4", "/media/a/bx.mp4"),
        ("/a/x 1.mp4", "/a/x1.mp4"),
    ],
)
def test_different_paths_have_different_normal_forms(left: str, right: str) -> None:
    assert normal_path(left) != normal_path(right)


@given(st.text() | st.text("aé /\\.\u0345\u0308İ"))
def test_the_normal_form_of_a_normal_form_is_itself(path: str) -> None:
    assert normal_path(normal_path(path)) == normal_path(path)
