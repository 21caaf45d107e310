"""Which scenes are left alone, and why: a table."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stash.scene_needs import scene_selection
from sync.filters import ExclusionReason, exclusion_of, known_reasons, left_out_lines, restores
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
    excluded = exclusion_of(scene, config, config.match_overrides)
    return excluded.text if excluded else ""


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


RATED = SCENE.model_copy(update={"rating": 7.3, "stash_ids": ("9a6e",)})
DARK = ("it is not rated", "its rating of 73 is lower than 74")


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"required_stash_id": True}, ""),
        ({"required_tags": "nothing, keep"}, ""),
        ({"required_tags": " KEEP "}, ""),
        ({"required_tags": "Kee"}, "it carries none of the required tags"),
        ({"included_paths": "/data/films"}, ""),
        ({"included_paths": "/other; /data"}, ""),
        ({"included_paths": "/"}, ""),
        ({"included_paths": "/data/fil"}, "its file lies below none of the included paths"),
        ({"min_rating": 73}, ""),
        ({"min_rating": 0}, ""),
        ({"min_rating": 74}, DARK[1]),
    ],
)
def test_a_scene_must_meet_every_condition(values: dict[str, object], reason: str) -> None:
    assert reason_for(RATED, settings(**values)) == reason


@pytest.mark.parametrize(
    ("values", "reason", "text"),
    [
        ({"required_stash_id": True}, ExclusionReason.NO_STASH_ID, "it has no stash-box ID"),
        ({"min_rating": 1}, ExclusionReason.LOW_RATING, DARK[0]),
    ],
)
def test_what_a_scene_lacks_fails_its_condition(
    values: dict[str, object], reason: ExclusionReason, text: str
) -> None:
    excluded = exclusion_of(SCENE, settings(**values), {})

    assert excluded is not None
    assert (excluded.reason, excluded.text) == (reason, text)


@pytest.mark.parametrize(
    ("path", "setting", "is_included"),
    [
        ("/data/films/a.mp4", "/data/films/", True),
        ("D:\\films\\a.mp4", "D:/films", True),
        ("D:\\films\\a.mp4", "D:\\", True),
        ("\\\\nas\\share\\a.mp4", "//nas/share", True),
        ("/data/films/a.mp4", "/Data/films", False),
        ("/data/films/a.mp4", "/data/films/a.mp4", False),
        ("/data/Cafe\u0301/a.mp4", "/data/Caf\u00e9", False),
        ("/data/films /a.mp4", "/data/films", False),
    ],
)
def test_an_included_folder_is_compared_exactly(path: str, setting: str, is_included: bool) -> None:
    """A doubt leaves the scene alone."""
    scene = SCENE.model_copy(update={"files": (SceneFile(path=path, size=10, oshash=""),)})

    assert (reason_for(scene, settings(included_paths=setting)) == "") is is_included


@pytest.mark.parametrize(
    ("tag", "setting"),
    [("Caf\u00e9 Noir", "CAFE\u0301  noir"), ("Men, women", 'other, "men, women"')],
)
def test_a_required_tag_is_found_in_any_spelling(tag: str, setting: str) -> None:
    scene = SCENE.model_copy(update={"tags": (tag,)})

    assert reason_for(scene, settings(required_tags=setting)) == ""


@pytest.mark.parametrize(
    ("values", "left_out"),
    [
        ({"required_tags": "Keep"}, "tags"),
        ({"excluded_tags": "Other"}, "tags"),
        ({"required_stash_id": True}, "stash_ids"),
        ({"min_rating": 50}, "rating100"),
    ],
)
def test_what_stash_lacks_leaves_the_scene_alone(values: dict[str, object], left_out: str) -> None:
    scene = SCENE.model_copy(update={"left_out": frozenset({left_out})})

    excluded = exclusion_of(scene, settings(**values, on_excluded="restore"), {})

    assert excluded is not None
    assert excluded.reason is ExclusionReason.UNKNOWN
    assert not restores(excluded, settings(**values, on_excluded="restore"))


@pytest.mark.parametrize(
    ("values", "is_restored"),
    [
        ({"only_organized": True, "on_excluded": "restore"}, True),
        ({"only_organized": True}, False),
        ({"match_overrides": "scene 42 => never", "on_excluded": "restore"}, False),
    ],
)
def test_only_a_condition_puts_values_back(values: dict[str, object], is_restored: bool) -> None:
    config = settings(**values)
    scene = SCENE.model_copy(update={"organized": False})

    excluded = exclusion_of(scene, config, config.match_overrides)

    assert excluded is not None
    assert restores(excluded, config) is is_restored


def test_reasons_are_counted_in_order_of_frequency() -> None:
    counts = {"low_rating": 2, "not_organized": 1_200, "of another version": 7}

    assert [reason.value for reason, _ in known_reasons(counts)] == ["not_organized", "low_rating"]
    assert left_out_lines(counts) == [
        "1,202 scenes left out by the settings: 1,200 not organized, 2 unrated or rated too low."
    ]
    assert left_out_lines({}) == []


CONDITIONS = st.fixed_dictionaries(
    {},
    optional={
        "only_organized": st.booleans(),
        "required_stash_id": st.booleans(),
        "min_rating": st.integers(0, 100),
        "required_tags": st.sampled_from(["keep", "other", "KEEP, other"]),
        "excluded_tags": st.sampled_from(["other", "outtake"]),
        "included_paths": st.sampled_from(["/data", "/data/films", "/Data"]),
        "excluded_paths": st.sampled_from(["/other", "/DATA"]),
    },
)
SCENES = st.builds(
    lambda rating, organized, ids, tags: SCENE.model_copy(
        update={"rating": rating, "organized": organized, "stash_ids": ids, "tags": tags}
    ),
    st.none() | st.integers(1, 100).map(lambda value: value / 10),
    st.booleans(),
    st.sampled_from([(), ("9a6e",)]),
    st.lists(st.sampled_from(["Keep", "Outtake", "Else"]), unique=True).map(tuple),
)


@given(SCENES, CONDITIONS, CONDITIONS)
def test_a_further_condition_lets_no_scene_in(
    scene: SyncMetadata, some: dict[str, object], others: dict[str, object]
) -> None:
    """Conditions add up: what fails one of them fails all together."""
    merged = {**others, **some}

    alone, together = reason_for(scene, settings(**some)), reason_for(scene, settings(**merged))

    assert not alone or together


@given(st.integers(1, 100), st.integers(1, 100))
def test_a_rating_counts_as_stash_shows_it(rating: int, lowest: int) -> None:
    raw = {"id": "1", "rating100": rating, "files": [{"path": "/a.mp4", "size": 1}]}

    excluded = exclusion_of(parse_scene(raw), settings(min_rating=lowest), {})

    assert (excluded is None) is (rating >= lowest)


def test_only_usable_stash_ids_count() -> None:
    raw = {"id": "1", "stash_ids": [{"endpoint": "x", "stash_id": ""}, {"stash_id": "9a6e"}]}

    assert parse_scene(raw).stash_ids == ("9a6e",)
    assert parse_scene({"id": "1"}).stash_ids == ()


@pytest.mark.parametrize("is_needed", [False, True])
def test_stash_ids_are_asked_for_only_if_needed(is_needed: bool) -> None:
    selection = scene_selection(settings(required_stash_id=is_needed))

    assert ("stash_ids" in selection) is is_needed
