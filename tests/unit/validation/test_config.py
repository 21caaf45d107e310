"""Reading Stash's stored settings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.fields import BY_NAME, FIELDS
from tests.harness.every_field import EVERY_FIELD_ON, switches_of
from validation.config import read_config
from validation.setting import Setting, SettingType
from validation.settings import GROUPS, SETTINGS

TOKEN = "s3cr3t-T0ken_xyz"  # noqa: S105 - made up
BY_SETTING = {setting.name: setting for setting in SETTINGS}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
KEYS = st.sampled_from(
    [key for s in SETTINGS for key in (s.key, s.name)] + ["plexHost", "plexPort", "plexUrl"]
)
VALUES = JSON | st.sampled_from(
    ["on", "0", "1e9999", "nan", "http://[", "a:b", "://", "x => ", "none", 10**400]
)


def other_than_default(setting: Setting) -> object:
    """A usable value that is not the setting's default."""
    if setting.type is SettingType.BOOLEAN:
        return not setting.default
    if setting.type is SettingType.NUMBER:
        return setting.highest
    if setting.choices:
        return setting.choices[-1]
    texts = {
        "path_map": "/a => /b",
        "match_overrides": "scene 1 => never",
        "reconcile_scope": "3 days",
        "library_rules": '{"Scenes": {"max_tags": 1}}',
        "title_format": "{code}",
        "sort_title_format": "{date}",
        "performer_genders": "female",
        "role_format": "{age}",
    }
    return texts.get(setting.name, "some.thing")


def camel_case(key: str) -> str:
    first, *others = key.split("_")
    return first + "".join(part.capitalize() for part in others)


def setting_ids(setting: Setting) -> str:
    return setting.name


def test_nothing_stored_means_every_default() -> None:
    reading = read_config(None)

    config = reading.config
    assert (reading.warnings, reading.unknown) == ((), ())
    assert (config.enabled, config.plex_url, config.plex_libraries, config.path_map) == (
        True,
        "",
        (),
        (),
    )
    assert (config.plex_connect_timeout_s, config.plex_read_timeout_s, config.max_tags) == (
        5,
        30,
        100,
    )
    assert (config.strict_matching, config.sync_metadata, config.lock_fields) == (True, True, True)
    assert (config.strip_emoji, config.preserve_plex_edits) == (False, False)
    assert config.toggles == {field.name: field.default_on for field in FIELDS if field.has_toggle}
    assert config.sources == {field.name: "none" for field in FIELDS if field.sources}


@pytest.mark.parametrize("unset", [None, "", "  "])
def test_unset_values_mean_the_default(unset: object) -> None:
    reading = read_config({setting.key: unset for setting in SETTINGS})

    assert reading == read_config(None)


@pytest.mark.parametrize("zero", [0, 0.0, "0", "0.0"])
def test_zero_means_the_default_of_a_number(zero: object) -> None:
    numbers = [setting for setting in SETTINGS if setting.type is SettingType.NUMBER]

    reading = read_config({setting.key: zero for setting in numbers})

    assert reading == read_config(None)


@pytest.mark.parametrize("setting", SETTINGS, ids=setting_ids)
def test_every_setting_is_read_under_each_of_its_spellings(setting: Setting) -> None:
    value = other_than_default(setting)

    spellings = (setting.key, setting.name, camel_case(setting.key), camel_case(setting.name))
    readings = [read_config({spelling: value}) for spelling in spellings]

    assert all(reading == readings[0] for reading in readings)
    assert readings[0].config != read_config(None).config
    assert (readings[0].warnings, readings[0].unknown) == ((), ())


@pytest.mark.parametrize("setting", SETTINGS, ids=setting_ids)
def test_the_key_with_its_group_prefix_wins(setting: Setting) -> None:
    value = other_than_default(setting)

    reading = read_config({setting.name: setting.default, setting.key: value})

    assert reading == read_config({setting.key: value})


def test_an_unset_key_with_its_prefix_gives_way_to_the_plain_one() -> None:
    assert (
        read_config({"a_plex_url": "", "plex_url": "plex:32400"}).config.plex_url
        == "http://plex:32400"
    )


@pytest.mark.parametrize("value", [True, "true", "True", " on ", "YES", 1, "1", 1.0])
def test_a_switch_is_on_in_many_spellings(value: object) -> None:
    assert read_config({"strip_emoji": value}).config.strip_emoji is True


@pytest.mark.parametrize("value", [False, "false", "OFF", "no", 0, "0", 0.0])
def test_a_switch_is_off_in_many_spellings(value: object) -> None:
    assert read_config({"lock_fields": value}).config.lock_fields is False


@pytest.mark.parametrize("value", [7, 7.0, "7", " 7 ", "7.0"])
def test_a_number_is_read_in_many_spellings(value: object) -> None:
    config = read_config({"max_tags": value, "plex_read_timeout_s": value}).config

    assert (config.max_tags, config.plex_read_timeout_s) == (7, 7.0)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("max_tags", 1001),
        ("max_tags", -1),
        ("max_tags", 2.5),
        ("max_tags", "many"),
        ("max_tags", True),
        ("max_tags", float("nan")),
        ("max_tags", 10**400),
        ("max_tags", []),
        ("plex_connect_timeout_s", 61),
        ("plex_read_timeout_s", 4.9),
        ("enabled", "perhaps"),
        ("enabled", 2),
        ("enabled", {}),
        ("tagline_source", "cover"),
        ("plex_libraries", ["Movies"]),
        ("path_map", "/data"),
        ("path_map", "/a => /b; /c =>"),
        ("path_map", "/a => /b => /c"),
        ("plex_url", "ftp://plex"),
        ("plex_url", "http://plex:port"),
        ("plex_url", "http://plex:99999"),
        ("plex_url", "my plex"),
        ("plex_url", "http://"),
        ("plex_token", "two words"),
        ("plex_token", "umläut"),
        ("plex_token", False),
    ],
)
def test_a_bad_value_is_replaced_by_its_default_with_one_warning(key: str, value: object) -> None:
    reading = read_config({key: value})

    assert reading.config == read_config(None).config
    assert len(reading.warnings) == 1
    assert reading.warnings[0].startswith(BY_SETTING[key].display_name)
    assert BY_SETTING[key].default_text in reading.warnings[0]


def test_a_warning_shows_the_bad_value() -> None:
    assert "'perhaps'" in read_config({"enabled": "perhaps"}).warnings[0]


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("http://plex:32400", "http://plex:32400"),
        ("plex:32400", "http://plex:32400"),
        (" HTTPS://plex.example/ ", "https://plex.example"),
        ("192.168.1.10:32400/web", "http://192.168.1.10:32400"),
        ("http://plex:32400/web/index.html#!/server/1?key=2", "http://plex:32400"),
        ("https://example.org/plex/web/", "https://example.org/plex"),
        ("https://example.org/plex//", "https://example.org/plex"),
        ("https://example.org/webdav", "https://example.org/webdav"),
        ("http://[::1]:32400/", "http://[::1]:32400"),
        ("http://plex:32400/?X-Plex-Token=abc", "http://plex:32400"),
    ],
)
def test_an_address_is_brought_to_one_form(typed: str, url: str) -> None:
    reading = read_config({"plex_url": typed})

    assert reading.config.plex_url == url
    assert read_config({"plex_url": url}).config.plex_url == url
    assert reading.warnings == ()


@given(st.text() | st.text("htp:/[]@.web?#1 \\"))
def test_an_address_that_is_taken_stays_as_it_is(typed: str) -> None:
    url = read_config({"plex_url": typed}).config.plex_url

    assert read_config({"plex_url": url}).config.plex_url == url
    assert "@" not in url.partition("://")[2].partition("/")[0]


@pytest.mark.parametrize(
    ("typed", "pairs"),
    [
        ("/data => /media", (("/data", "/media"),)),
        ("/data/=>/media/; /x => /y;", (("/data", "/media"), ("/x", "/y"))),
        ("/data => /media\n/x => /y\n", (("/data", "/media"), ("/x", "/y"))),
        (
            "/data => C:\\Media\\; \\\\nas\\share => D:\\",
            (("/data", "C:\\Media"), ("\\\\nas\\share", "D:\\")),
        ),
        ("/ => /mnt; C:/ => /c", (("/", "/mnt"), ("C:/", "/c"))),
        ("/a => /b; /a/ => /b", (("/a", "/b"),)),
        (" ; ", ()),
    ],
)
def test_a_path_map_is_read_as_pairs(typed: str, pairs: tuple[tuple[str, str], ...]) -> None:
    reading = read_config({"b_path_map": typed})

    assert reading.config.path_map == pairs
    assert reading.warnings == ()


def test_libraries_are_a_list_of_distinct_names() -> None:
    assert read_config({"plex_libraries": " Movies, Clips ,,movies"}).config.plex_libraries == (
        "Movies",
        "Clips",
    )


@pytest.mark.parametrize(
    ("old", "url"),
    [
        ({"plexHost": "plex"}, "http://plex:32400"),
        ({"plexHost": "plex", "plexPort": 32500}, "http://plex:32500"),
        ({"plexHost": "plex", "plexPort": "32500"}, "http://plex:32500"),
        ({"plexHost": "plex", "plexPort": 0}, "http://plex:32400"),
        ({"plexHost": "https://plex/", "plexPort": ""}, "https://plex:32400"),
        ({"plexHost": "plex:1234", "plexPort": 32500}, "http://plex:1234"),
        ({"plexHost": "[::1]"}, "http://[::1]:32400"),
        ({"plexHost": "http://proxy/plex", "plexPort": 80}, "http://proxy:80/plex"),
        ({"plexHost": ""}, ""),
        ({"plexPort": 32500}, ""),
        ({"plexHost": "plex", "a_plex_url": "ours:1"}, "http://ours:1"),
    ],
)
def test_another_plugins_address_is_used_where_ours_is_unset(
    old: dict[str, object], url: str
) -> None:
    reading = read_config(old)

    assert reading.config.plex_url == url
    assert (reading.warnings, reading.unknown) == ((), ())


@pytest.mark.parametrize(
    "old", [{"plexHost": "my plex"}, {"plexHost": "plex", "plexPort": "x"}, {"plexHost": {}}]
)
def test_another_plugins_bad_address_is_one_warning(old: dict[str, object]) -> None:
    reading = read_config(old)

    assert reading.config.plex_url == ""
    assert len(reading.warnings) == 1
    assert "plexHost" in reading.warnings[0]


def test_another_plugins_token_gives_way_to_ours() -> None:
    assert read_config({"plexToken": "theirs"}).config.plex_token.get_secret_value() == "theirs"
    assert (
        read_config({"plexToken": "x", "a_plex_token": "ours"}).config.plex_token.get_secret_value()
        == "ours"
    )


def test_another_plugins_other_keys_are_ignored() -> None:
    stored = {
        "tagStashIDs": True,
        "skipUnorganized": 1,
        "cleanTitles": "",
        "tagID_5": "x",
        "zeta": 1,
        "a_beta": 2,
    }

    reading = read_config(stored)

    assert reading.unknown == ("a_beta", "zeta")
    assert reading.warnings == ()


def test_what_is_missing_is_named_as_on_the_settings_page() -> None:
    assert read_config({}).config.missing_required() == ("Plex URL", "Plex token")
    assert read_config({"plex_url": "plex"}).config.missing_required() == ("Plex token",)
    assert read_config({"plex_url": "plex", "plex_token": TOKEN}).config.missing_required() == ()


@pytest.mark.parametrize("name", BY_NAME)
def test_a_field_needs_the_master_switch_its_own_and_a_source(name: str) -> None:
    switches = {"c_sync_metadata": False, **switches_of(name)}

    assert len(switches) > 1
    assert read_config(EVERY_FIELD_ON).config.field_enabled(name)
    for switch, off in switches.items():
        assert not read_config({**EVERY_FIELD_ON, switch: off}).config.field_enabled(name)


TAKES_ANY_TEXT = (
    *("a_plex_libraries", "b_path_map", "b_excluded_tags", "b_excluded_paths"),
    *("b_required_tags", "b_included_paths", "c_content_rating"),
    *("c_genre_excluded_tags", "c_collection_tags", "c_label_tags"),
)


@pytest.mark.parametrize(
    "key", [setting.key for setting in SETTINGS if setting.name != "plex_token"] + ["plexHost"]
)
def test_the_token_never_shows(key: str) -> None:
    pasted = f"http://me:{TOKEN}@plex /?X-Plex-Token={TOKEN} => {TOKEN}"

    reading = read_config({"a_plex_token": TOKEN, key: pasted})

    assert reading.config.plex_token.get_secret_value() == TOKEN
    warnings = " ".join(reading.warnings)
    assert TOKEN not in warnings
    assert TOKEN not in repr(reading.config.plex_token) + str(reading.config.plex_token)
    assert key in TAKES_ANY_TEXT or warnings


def test_an_unusable_token_is_not_shown_in_its_warning() -> None:
    reading = read_config({"a_plex_token": f"{TOKEN} pasted twice {TOKEN}"})

    assert len(reading.warnings) == 1
    assert TOKEN not in reading.warnings[0]
    assert reading.config.missing_required() == ("Plex URL", "Plex token")


def test_a_login_pasted_into_the_address_is_not_shown() -> None:
    reading = read_config({"a_plex_url": f"http://me:{TOKEN}@plex:32400"})

    assert TOKEN not in repr(reading)
    assert reading.config.plex_url == ""


def test_the_token_is_not_shown_in_a_results_repr() -> None:
    reading = read_config({"a_plex_url": "plex", "a_plex_token": TOKEN})

    assert TOKEN not in repr(reading) + str(reading.config)


def test_a_config_is_frozen_to_its_depth() -> None:
    config = read_config(None).config

    with pytest.raises(ValidationError):
        config.enabled = False
    with pytest.raises(TypeError):
        config.toggles["title"] = False  # type: ignore[index]


@given(st.dictionaries(KEYS | st.text(max_size=10), VALUES, max_size=8))
def test_any_map_can_be_read_and_gives_the_same_each_time(raw: dict[str, object]) -> None:
    reading = read_config(raw)

    assert read_config(dict(reversed(raw.items()))) == reading
    assert len(reading.warnings) <= len(raw)


@pytest.mark.parametrize("raw", [[], "text", 5, [{"enabled": False}]])
def test_what_is_no_map_means_every_default(raw: object) -> None:
    assert read_config(raw) == read_config(None)  # type: ignore[arg-type]


def test_keys_are_distinct_sorted_into_groups_and_free_of_dots() -> None:
    keys = [setting.key for setting in SETTINGS]

    assert (
        len({key.casefold() for key in keys})
        == len({setting.name for setting in SETTINGS})
        == len(keys)
    )
    assert not any("." in key for key in keys)
    assert {setting.group for setting in SETTINGS} == set(GROUPS)


@pytest.mark.parametrize("setting", SETTINGS, ids=setting_ids)
def test_every_description_states_the_default_and_the_range(setting: Setting) -> None:
    assert f"Default: {setting.default_text}." in setting.description
    if setting.type is SettingType.NUMBER:
        unit = f" {setting.unit}" if setting.unit else ""
        assert f"From {setting.lowest:g} to {setting.highest:g}{unit}." in setting.description
    assert all(choice in setting.description for choice in setting.choices)
