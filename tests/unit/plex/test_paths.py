"""Two spellings of one path meet; two different paths do not."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.file_names import file_name, file_stem
from plex.paths import folded_name, folded_path, folders, normal_path


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


@pytest.mark.parametrize(
    "mangled",
    [
        "/m/\uf02a\uf03f\uf03a\uf03e\uf03c\uf07c.mp4",  # Services for Unix
        "/m/\uf021\uf025\uf022\uf024\uf023\uf027.mp4",  # Services for Macintosh
    ],
)
def test_names_that_smb_clients_mangle_fold(mangled: str) -> None:
    assert folded_path(mangled) == folded_path("/m/*?:><|.mp4")
    assert folded_name(mangled) == folded_name("/m/*?:><|.mp4")


@pytest.mark.parametrize(
    ("mangled", "name"),
    [
        ("/m/a\uf020b.mp4", '/m/a"b.mp4'),
        ("/m/folder\uf028/x.mp4", "/m/folder /x.mp4"),
        ("/m/folder\uf028/x.mp4", "/m/folder/x.mp4"),
        ("/m/Vol\uf029/x.mp4", "/m/Vol./x.mp4"),
        ("/m/a\uf05cb.mp4", "/m/a\\b.mp4"),
        ("/m/a\uf026b.mp4", "/m/a\\b.mp4"),
    ],
)
def test_every_row_of_the_mangling_tables_folds(mangled: str, name: str) -> None:
    assert folded_path(mangled) == folded_path(name)
    assert folded_name(mangled) == folded_name(name)


def test_mangled_names_have_a_normal_form_of_their_own() -> None:
    assert normal_path("/m/a\uf022b.mp4") != normal_path("/m/a:b.mp4")


@given(st.text() | st.text("a /\\.:\uf022\uf05c\uf028\uf029\uf03a"))
def test_the_folded_form_of_a_folded_form_is_itself(path: str) -> None:
    assert folded_path(folded_path(path)) == folded_path(path)
