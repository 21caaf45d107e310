"""Which scenes are left alone, and why: a table."""

import unicodedata

import pytest

from sync.filters import exclusion_reason
from validation.config import PlexSyncConfig, read_config
from validation.metadata import SceneFile, SyncMetadata, parse_scene

SCENE = parse_scene(
    {
        "id": "42",
        "organized": True,
        "tags": [{"id": "1", "name": "Keep"}, {"id": "2", "name": "Outtake"}],
        "files": [{"path": "/data/films/a.mp4", "size": 10}],
    }
)


def settings(**values: object) -> PlexSyncConfig:
    return read_config(values).config


def reason_for(scene: SyncMetadata, config: PlexSyncConfig) -> str:
    return exclusion_reason(scene, config, config.match_overrides)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({}, ""),
        ({"only_organized": True}, ""),
        ({"excluded_tags": "nothing, of this"}, ""),
        ({"excluded_tags": "nothing, OUTTAKE"}, "it carries the tag Outtake"),
        ({"excluded_tags": "Out"}, ""),  # the whole name, never a part of it
        ({"excluded_paths": "/data/fil"}, ""),  # a folder, never the beginning of a name
        ({"excluded_paths": "/data/films"}, "its file lies below /data/films"),
        ({"excluded_paths": "/other; /data/films/"}, "its file lies below /data/films"),
        ({"match_overrides": "scene 42 => never"}, "the match overrides say never"),
        ({"match_overrides": "scene 42 => item 7; scene 43 => never"}, ""),
    ],
)
def test_a_scene_is_left_alone_for_the_reason_the_user_gave(
    values: dict[str, object], reason: str
) -> None:
    assert reason_for(SCENE, settings(**values)) == reason


def test_an_unorganized_scene_is_excluded_if_so_configured() -> None:
    scene = SCENE.model_copy(update={"organized": False})

    assert reason_for(scene, settings(only_organized=True)) == "it is not organized"
    assert reason_for(scene, settings()) == ""


def test_a_windows_path_is_compared_by_its_folders() -> None:
    scene = SCENE.model_copy(
        update={"files": (SceneFile(path="D:\\films\\a.mp4", size=10, oshash=""),)}
    )

    assert reason_for(scene, settings(excluded_paths="D:\\films")) != ""
    assert reason_for(scene, settings(excluded_paths="D:\\fil")) == ""


@pytest.mark.parametrize(
    ("path", "setting"),
    [
        ("d:\\Private\\a.mp4", "D:\\private"),
        ("d:/Private/a.mp4", "D:\\private\\"),
        ("D:\\a.mp4", "d:\\"),
        ("\\\\NAS\\Share\\Private\\a.mp4", "//nas/share/private"),
        ("/data/Café/a.mp4", unicodedata.normalize("NFD", "/data/Café")),
        (unicodedata.normalize("NFD", "/data/Café/a.mp4"), "/data/café/"),
        ("/data/PRIVATE/a.mp4", "/data/private"),
        ("/data//private/a.mp4", "/data/private"),
        ("/data/private /a.mp4", "/data/private"),
        ("D:\\private\\a.mp4", "\u202aD:\\private"),
        ("D:\\private\\a.mp4", '"D:\\private"'),
        ("/data/a;b/a.mp4", '/other; "/data/a;b"'),
        ("/data/private/a.mp4", "/data/private/a.mp4"),
        ("/a.mp4", "/"),
    ],
)
def test_an_excluded_folder_is_found_in_any_spelling(path: str, setting: str) -> None:
    """The setting protects privacy: in doubt the scene is left alone."""
    scene = SCENE.model_copy(update={"files": (SceneFile(path=path, size=10, oshash=""),)})

    assert reason_for(scene, settings(excluded_paths=setting)) != ""


@pytest.mark.parametrize(
    ("tag", "setting"),
    [
        ("Café Noir", "cafe\u0301 noir"),
        ("Cafe\u0301 Noir", "Café Noir"),
        ("Café  Noir ", "other, Café Noir"),
        ("Café\u00a0Noir", "CAFÉ NOIR"),
        ("Men, women", 'other, "men, women"'),
    ],
)
def test_an_excluded_tag_is_found_in_any_spelling(tag: str, setting: str) -> None:
    scene = SCENE.model_copy(update={"tags": (tag,)})

    assert reason_for(scene, settings(excluded_tags=setting)) != ""


def test_every_file_of_a_scene_can_exclude_it() -> None:
    files = (SCENE.files[0], SceneFile(path="/DATA/Private/b.mp4", size=10, oshash=""))
    scene = SCENE.model_copy(update={"files": files})

    assert reason_for(scene, settings(excluded_paths="/data/private")) != ""
