"""The titles that Plex shows and sorts by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.harness.examples import fuzzed
from validation.config import read_config
from validation.desired_values import desired_values
from validation.metadata import SyncMetadata, parse_scene

RAW = {
    "id": 1,
    "title": "Night Train",
    "code": "AF-017",
    "date": "2024-03-09",
    "studio": {"id": 5, "name": "Aurora", "parent_studio": {"id": 9, "name": "Network"}},
    "performers": [
        {"id": 1, "name": "Zoe", "gender": "FEMALE"},
        {"id": 2, "name": "Jon", "gender": "MALE"},
        {"id": 3, "name": "Mia", "gender": "FEMALE"},
    ],
    "files": [{"path": "/data/night_train.1080p.mp4", "size": 1}],
}
SCENE = parse_scene(RAW)
EVERY_NAME = "{title} {studio} {parent} {performers} {date} {year} {code} {file}"
TEXTS = st.text("ab \n\t[{e\u0301", max_size=12)
FORMATS = st.lists(
    st.sampled_from(
        ["{title}", "[{studio}: ]", "{performers}", "[ ({year})]", " - ", "[[", "]]", "{code}"]
    ),
    min_size=1,
    max_size=6,
).map(lambda parts: "{title}" + " ".join(parts))


def title(scene: SyncMetadata, **settings: object) -> object:
    reading = read_config(settings)
    assert reading.warnings == ()
    return desired_values(scene, reading.config)["title"]


def test_a_title_can_show_every_name() -> None:
    assert title(SCENE, title_format=EVERY_NAME) == (
        "Night Train Aurora Network Jon, Mia, Zoe 2024-03-09 2024 AF-017 night_train.1080p"
    )


def test_the_default_format_is_the_title_alone() -> None:
    scene = parse_scene({**RAW, "title": "a  [b] {c}"})

    assert title(scene) == title(scene, title_format="") == "a  [b] {c}"


def test_performers_of_a_title_follow_their_settings() -> None:
    shown = title(
        SCENE, title_format="{performers}", performer_order="female_first", max_performers=2
    )

    assert shown == "Mia, Zoe"
    assert title(SCENE, title_format="{performers}", performer_genders="male") == "Jon"


def test_an_untitled_scene_has_its_files_name_if_chosen() -> None:
    scene = parse_scene({**RAW, "title": " "})

    assert title(scene, title_format="{studio}: {title}") == ""
    assert (
        title(scene, title_format="{studio}: {title}", title_from_file=True)
        == "Aurora: night_train.1080p"
    )
    assert title(scene, title_format="{studio}[: {title}]") == "Aurora"
    assert title(parse_scene({"id": 1}), title_from_file=True) == ""


def test_a_long_title_is_cut_at_a_word() -> None:
    scene = parse_scene({**RAW, "title": "word " * 60})
    shown = title(scene, title_format="[{studio}: ]{title}")

    assert isinstance(shown, str)
    assert (len(shown) <= 255, shown.endswith("word")) == (True, True)


@pytest.mark.parametrize(("left_out", "known"), [("studio", False), ("code", True)])
def test_a_title_that_shows_an_unknown_value_stays(left_out: str, known: bool) -> None:
    """Stash's schema lacks the attribute, so its value is not empty but unknown."""
    scene = parse_scene({**RAW, "left_out": [left_out]})
    config = read_config({"title_format": "[{parent} ]{title}"}).config

    assert ("title" in desired_values(scene, config)) is known


def test_a_bad_format_is_named_and_the_default_used() -> None:
    reading = read_config({"c_title_format": "{title} {studo}"})

    assert reading.warnings == (
        "Title format: '{title} {studo}' is not usable (unknown name {studo} at character 9); "
        "the default is used: {title}",
    )
    assert reading.config == read_config(None).config


@given(FORMATS, TEXTS, TEXTS, st.lists(TEXTS, max_size=3))
@fuzzed(200)
def test_what_a_title_shows_is_stable(
    text: str, name: str, code: str, performers: list[str]
) -> None:
    """The shown title, taken for the scene's own, would be the same: nothing is cleaned twice."""
    raw = {
        **RAW,
        "title": name,
        "code": code,
        "performers": [{"id": number, "name": each} for number, each in enumerate(performers)],
    }
    shown = title(parse_scene(raw), title_format=text)
    reversed_order = parse_scene({**raw, "performers": raw["performers"][::-1]})  # type: ignore[index]

    assert isinstance(shown, str)
    assert len(shown) <= 255
    assert title(parse_scene({**RAW, "title": shown})) == shown
    assert title(reversed_order, title_format=text) == shown
