"""Defaults that Stash's settings page would not show are stored, and nobody's value is touched."""

from typing import Any

import pytest

from core.version import VERSION
from stash.client import PLUGIN_ID
from tests.emulators.stash_faults import Fault
from tests.unit.worker.rig import Rig
from validation.settings import SETTINGS, SettingType
from worker.lifecycle.default_settings import (
    COMPLETE_READS,
    DONE,
    STABLE_FOR_S,
    WATCH_S,
    dropped_keys,
    missing_defaults,
)

A_WATCH = int(WATCH_S / STABLE_FOR_S)  # minutes between two looks, while nothing is missing
REQUIRED = {"a_plex_url": "http://127.0.0.1:32400", "a_plex_token": "token-of-somebody"}


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"a_plex_url": "http://127.0.0.1:32400"},
        {"a_plex_token": "t0ken-t0ken"},
        {"plexHost": "h"},
    ],
)
def test_nothing_is_added_before_the_required_settings_are_there(raw: dict[str, object]) -> None:
    assert missing_defaults(raw) == {}


def test_every_default_that_stash_would_show_wrongly_is_added() -> None:
    added = missing_defaults(REQUIRED)

    assert added == {setting.key: setting.default for setting in SETTINGS if setting.default}
    assert added["a_enabled"] is True


@pytest.mark.parametrize("key", ["a_enabled", "enabled", "Enabled"])
@pytest.mark.parametrize("value", [False, True, "", None, 0])
def test_whatever_a_person_has_stored_stays(key: str, value: object) -> None:
    assert "a_enabled" not in missing_defaults({**REQUIRED, key: value})


def test_what_was_written_and_is_gone_again_is_lost() -> None:
    assert dropped_keys({"a": 1, "b": 2}, {"b": 3, "c": 4}) == {"a": 1}


# -- the worker
# ---------------------------------------------------------------------------------------


def stored(rig: Rig) -> dict[str, Any]:
    return dict(rig.worker.components.settings.stash().settings())  # type: ignore[union-attr]


def live(rig: Rig, seconds: float) -> None:
    for _ in range(int(seconds)):
        rig.turn(1.0)


def test_defaults_are_stored_when_stable_once_per_version(rig: Rig) -> None:
    live(rig, STABLE_FOR_S - 5)
    before = stored(rig)
    live(rig, STABLE_FOR_S)
    after = stored(rig)
    rig.stash.configure(PLUGIN_ID, a_enabled=False)
    minutes(rig, (COMPLETE_READS + 2) * A_WATCH)

    assert "a_enabled" not in before
    assert after == {**missing_defaults(before), **before}
    assert stored(rig)["a_enabled"] is False
    assert rig.worker.components.facts.get(DONE) == VERSION
    assert sum("settings.defaults" in line for line in rig.lines) == 1


def test_a_map_that_somebody_is_changing_is_left_alone(rig: Rig) -> None:
    for number in range(5):
        rig.configure(c_max_tags=10 + number)
        live(rig, STABLE_FOR_S)
        assert "a_enabled" not in stored(rig)

    live(rig, 2 * STABLE_FOR_S)

    assert stored(rig)["a_enabled"] is True
    assert stored(rig)["c_max_tags"] == 14


def test_an_incomplete_map_is_left_alone(rig: Rig) -> None:
    rig.configure(a_plex_token="")

    live(rig, 3 * STABLE_FOR_S)

    assert "a_enabled" not in stored(rig)


def test_a_stash_that_refuses_is_not_asked_again(rig: Rig) -> None:
    rig.stash.faults.plan(Fault(name="configurePlugin", graphql_error="no", times=None))

    live(rig, 4 * STABLE_FOR_S)

    assert sum("settings.defaults_failed" in line for line in rig.lines) == 1


class Page:
    """A settings page as somebody opened it: it saves everything as it was then, with what is
    changed in it.
    """

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._values = stored(rig)

    def change(self, **values: Any) -> None:
        self._values.update(values)
        self._rig.worker.components.settings.stash().save_settings(self._values)  # type: ignore[union-attr]


def minutes(rig: Rig, count: int) -> None:
    """Time passes; the worker turns once in each."""
    for _ in range(count):
        rig.turn(STABLE_FOR_S)


def saves(rig: Rig) -> int:
    return rig.stash.count(name="configurePlugin")


def test_a_dropped_default_is_restored_and_the_value_stays(
    rig: Rig,
) -> None:
    page = Page(rig)
    minutes(rig, 2)
    complete = stored(rig)

    minutes(rig, 5)
    page.change(c_max_tags=7)
    dropped = stored(rig)
    minutes(rig, A_WATCH + 1)

    assert "a_enabled" in complete
    assert "a_enabled" not in dropped
    assert stored(rig) == {**complete, "c_max_tags": 7}
    assert any("settings.defaults restored=" in line for line in rig.lines)


def test_nothing_is_stored_while_settings_are_being_changed(
    rig: Rig,
) -> None:
    page = Page(rig)
    minutes(rig, 2)
    minutes(rig, A_WATCH - 1)
    before = saves(rig)

    for number in range(6):
        page.change(c_max_tags=10 + number)
        minutes(rig, 1)
    meanwhile = saves(rig) - before
    minutes(rig, 2)

    assert meanwhile == 6  # the page's own
    assert (stored(rig)["c_max_tags"], stored(rig)["a_enabled"]) == (15, True)


def test_a_user_value_dropped_by_an_old_page_is_restored(rig: Rig) -> None:
    older = Page(rig)
    minutes(rig, 2)
    Page(rig).change(a_enabled=False, b_excluded_tags="private")
    minutes(rig, A_WATCH + 1)

    older.change(c_strip_emoji=True)
    minutes(rig, A_WATCH + 1)

    now = stored(rig)
    assert (now["a_enabled"], now["b_excluded_tags"], now["c_strip_emoji"]) == (
        False,
        "private",
        True,
    )


def test_what_is_there_is_never_written_over(rig: Rig) -> None:
    minutes(rig, 2)
    chosen = {
        setting.key: 0 if setting.type is SettingType.NUMBER else ""
        for setting in SETTINGS
        if setting.default
    }
    rig.stash.configure(PLUGIN_ID, **chosen)

    minutes(rig, (COMPLETE_READS + 2) * A_WATCH)

    assert {key: stored(rig)[key] for key in chosen} == chosen


def test_after_an_hour_without_a_gap_stash_is_not_asked(rig: Rig) -> None:
    minutes(rig, (COMPLETE_READS + 2) * A_WATCH)
    page = {"a_plex_url": rig.plex.url, "a_plex_token": rig.plex.token}

    rig.worker.components.settings.stash().save_settings(page)  # type: ignore[union-attr]
    minutes(rig, 2 * A_WATCH)

    assert rig.worker.components.facts.get(DONE) == VERSION
    assert stored(rig) == page


def test_a_worker_killed_while_watching_leaves_it_to_the_next(rig: Rig) -> None:
    page = Page(rig)
    minutes(rig, 3)

    rig.restart()
    page.change(c_max_tags=7)
    minutes(rig, 3)

    assert (stored(rig)["a_enabled"], stored(rig)["c_max_tags"]) == (True, 7)


def test_a_map_that_was_emptied_stays_empty(rig: Rig) -> None:
    minutes(rig, 3)

    rig.worker.components.settings.stash().save_settings({})  # type: ignore[union-attr]
    minutes(rig, 2 * A_WATCH)

    assert stored(rig) == {}


def test_a_map_that_was_emptied_begins_anew(rig: Rig) -> None:
    rig.configure(b_excluded_tags="private")
    minutes(rig, 3)
    rig.worker.components.settings.stash().save_settings({})  # type: ignore[union-attr]
    minutes(rig, A_WATCH)

    rig.configure()
    minutes(rig, 3)

    assert "b_excluded_tags" not in stored(rig)
    assert stored(rig)["a_enabled"] is True


def test_a_connection_that_was_taken_out_is_left_out(rig: Rig) -> None:
    minutes(rig, 3)

    rig.worker.components.settings.stash().save_settings({"c_max_tags": 7})  # type: ignore[union-attr]
    minutes(rig, 2 * A_WATCH)

    assert stored(rig) == {"c_max_tags": 7}
