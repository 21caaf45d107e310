"""The present settings: re-read often, rebuilt only when something changed, with the newest
session.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import StashUnavailable
from tests.unit.worker.rig import Rig, rigged
from worker.lifecycle.live_settings import NO_SETTINGS


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Rig]:
    with rigged(tmp_path, username="u", password="p", api_key="right-key") as made:
        yield made


def fresh(rig: Rig) -> str:
    return rig.stash.cookie().partition("=")[2]


def test_equal_settings_are_read_again_and_built_once(rig: Rig) -> None:
    settings = rig.worker.components.settings

    benches = {id(settings.sync_context()) for _ in range(3)}

    assert (len(benches), settings.generation) == (1, 1)
    assert rig.stash.count("graphql", "configuration") == 3


def test_a_changed_setting_builds_anew(rig: Rig) -> None:
    first = rig.ctx()
    rig.configure(c_max_tags=7)

    second = rig.ctx()

    assert second is not first
    assert (second.config.max_tags, rig.worker.components.settings.generation) == (7, 2)


def test_a_missing_token_is_told_and_nothing_is_built(rig: Rig) -> None:
    rig.configure(a_plex_token="")

    ctx = rig.worker.components.settings.sync_context()

    assert ctx is None
    assert "Plex token" in rig.notices()[NO_SETTINGS]


def test_the_notice_goes_when_the_token_comes(rig: Rig) -> None:
    rig.configure(a_plex_token="")
    rig.worker.components.settings.sync_context()
    rig.configure()

    ctx = rig.worker.components.settings.sync_context()

    assert ctx is not None
    assert NO_SETTINGS not in rig.notices()


def test_a_bad_value_is_told_and_its_default_is_used(rig: Rig) -> None:
    rig.configure(c_max_tags="many")

    ctx = rig.ctx()

    assert ctx.config.max_tags == 100
    assert any("many" in text for text in rig.notices().values())


def test_the_token_never_reaches_the_log(rig: Rig) -> None:
    rig.ctx()

    rig.log.info("test", token=rig.plex.token)

    assert rig.lines[-1] == "test token=***"


def test_without_a_session_nothing_can_be_read(rig: Rig) -> None:
    settings = rig.worker.components.settings
    rig.worker.components.store.connection.execute("DELETE FROM session")

    assert settings.stash() is None
    for question in (settings.sync_context, settings.renew_session):
        with pytest.raises(StashUnavailable, match="no hook or task"):
            question()


def test_a_session_that_is_over_is_replaced_by_the_next_hooks(guarded: Rig) -> None:
    guarded.ctx()
    guarded.clock.advance(4000)
    with pytest.raises(StashUnavailable):
        guarded.worker.components.settings.sync_context()

    guarded.hand_over(fresh(guarded))

    assert guarded.worker.components.settings.sync_context() is not None


def test_a_session_stored_after_the_clock_went_back_counts(
    guarded: Rig,
) -> None:
    guarded.ctx()
    guarded.clock.advance(4000)
    guarded.worker.components.settings.stash()
    guarded.clock.jump(-8000)

    guarded.hand_over(fresh(guarded))

    assert guarded.worker.components.settings.sync_context() is not None


def test_a_hook_without_a_cookie_takes_nothing_away(guarded: Rig) -> None:
    guarded.ctx()
    guarded.clock.advance(1)

    guarded.hand_over("")

    assert guarded.worker.components.settings.sync_context() is not None


def test_renewing_keeps_the_session_alive_far_beyond_its_age(guarded: Rig) -> None:
    settings = guarded.worker.components.settings

    for _ in range(10):
        age_s = settings.renew_session()
        guarded.clock.advance(age_s / 3)

    assert settings.sync_context() is not None


def test_a_renewed_cookie_is_kept_for_the_next_worker(guarded: Rig) -> None:
    first = guarded.worker.components.facts.session()
    guarded.clock.advance(1000)

    guarded.worker.components.settings.renew_session()

    kept = guarded.worker.components.facts.session()
    assert first is not None
    assert kept is not None
    assert kept.cookie != first.cookie
    guarded.clock.advance(3000)
    guarded.restart()
    assert guarded.worker.components.settings.sync_context() is not None


def test_the_api_key_takes_over_when_the_session_is_over(guarded: Rig) -> None:
    guarded.worker.components.settings.renew_session()
    guarded.clock.advance(4000)

    assert guarded.worker.components.settings.sync_context() is not None


def test_another_port_is_another_client(rig: Rig) -> None:
    first = rig.worker.components.settings.stash()
    rig.stash.down()
    where = {
        "scheme": "http",
        "host": "0.0.0.0",
        "port": 9,
        "cookie": "x",
        "now": rig.clock.now + 1,
    }

    rig.worker.components.facts.keep_session(where)

    second = rig.worker.components.settings.stash()
    assert first is not None
    assert second is not None
    assert (second.base_url, second is first) == ("http://127.0.0.1:9", False)


def test_storing_a_default_is_no_change(rig: Rig) -> None:
    first = rig.ctx()
    rig.configure(a_enabled=True, b_strict_matching=True)

    assert rig.ctx() is first
    assert rig.worker.components.settings.generation == 1
