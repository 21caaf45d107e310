"""Defaults that Stash's settings page would not show are stored, and nobody's value is touched."""

from collections.abc import Mapping
from typing import Any

import pytest

from core.version import VERSION
from stash.client import PLUGIN_ID, StashAddress, StashClient
from tests.emulators.stash_faults import Fault
from tests.unit.worker.rig import Rig
from validation.settings import SETTINGS
from worker.defaults import CALM_S, DONE, Defaults, lost, missing_defaults

REQUIRED = {"a_plex_url": "http://127.0.0.1:32400", "a_plex_token": "token-of-somebody"}


@pytest.mark.parametrize(
    "raw", [{}, {"a_plex_url": "http://127.0.0.1:32400"}, {"a_plex_token": "t0ken-t0ken"}, {"plexHost": "h"}]
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
    assert lost({"a": 1, "b": 2}, {"b": 3, "c": 4}) == {"a": 1}


# -- the worker ---------------------------------------------------------------------------------------


def stored(rig: Rig) -> dict[str, Any]:
    return dict(rig.worker.parts.settings.stash().settings())  # type: ignore[union-attr]


def live(rig: Rig, seconds: float) -> None:
    for _ in range(int(seconds)):
        rig.turn(1.0)


def test_they_are_stored_after_a_calm_minute_and_only_once_per_version(rig: Rig) -> None:
    live(rig, CALM_S - 5)
    before = stored(rig)
    live(rig, CALM_S)
    after = stored(rig)
    rig.stash.configure(PLUGIN_ID, a_enabled=False)
    live(rig, 3 * CALM_S)

    assert "a_enabled" not in before
    assert after == {**missing_defaults(before), **before}
    assert stored(rig)["a_enabled"] is False
    assert rig.worker.parts.facts.get(DONE) == VERSION
    assert sum("settings.defaults" in line for line in rig.lines) == 1


def test_a_map_that_somebody_is_changing_is_left_alone(rig: Rig) -> None:
    for number in range(5):
        rig.configure(c_max_tags=10 + number)
        live(rig, CALM_S)
        assert "a_enabled" not in stored(rig)

    live(rig, 2 * CALM_S)

    assert stored(rig)["a_enabled"] is True
    assert stored(rig)["c_max_tags"] == 14


def test_an_incomplete_map_is_left_alone(rig: Rig) -> None:
    rig.configure(a_plex_token="")

    live(rig, 3 * CALM_S)

    assert "a_enabled" not in stored(rig)


def test_a_stash_that_refuses_is_not_asked_again(rig: Rig) -> None:
    rig.stash.faults.plan(Fault(name="configurePlugin", graphql_error="no", times=None))

    live(rig, 4 * CALM_S)

    assert sum("settings.defaults_refused" in line for line in rig.lines) == 1


class OpenPage(StashClient):
    """A Stash on which somebody has the settings page open: right after a save it saves what it had read."""

    page: dict[str, Any]

    def save_settings(self, values: Mapping[str, Any], plugin_id: str = PLUGIN_ID) -> None:
        super().save_settings(values, plugin_id)
        if self.page:
            page, self.page = self.page, {}
            super().save_settings(page, plugin_id)


def test_what_an_open_settings_page_drops_is_put_back_and_its_value_stays(rig: Rig) -> None:
    stash = OpenPage(StashAddress("http", "127.0.0.1", rig.stash.port), "")
    stash.page = {**stash.settings(), "c_max_tags": 7}
    defaults = Defaults(rig.worker.parts.facts, rig.clock, rig.log, VERSION)

    for _ in range(2):
        defaults.write_if_calm(stash)
        rig.clock.advance(CALM_S)

    assert stored(rig)["a_enabled"] is True
    assert stored(rig)["c_max_tags"] == 7
    assert any("put_back=" in line for line in rig.lines)
