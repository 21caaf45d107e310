"""The present settings: re-read often, rebuilt only when something changed, with the newest
session.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import StashUnavailable
from tests.harness.database import save_session
from tests.harness.in_process import NOW, InProcessHarness
from tests.harness.processes import running
from worker.lifecycle.live_settings import NO_SETTINGS


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[InProcessHarness]:
    with running(
        InProcessHarness(
            tmp_path, username="u", password="p", api_key="right-key", hooks=False, start=NOW
        )
    ) as made:
        yield made


def fresh(worker: InProcessHarness) -> str:
    return worker.stash.cookie().partition("=")[2]


def test_equal_settings_are_read_again_and_built_once(worker: InProcessHarness) -> None:
    settings = worker.components.settings

    contexts = {id(settings.sync_context()) for _ in range(3)}

    assert (len(contexts), settings.generation) == (1, 1)
    assert worker.stash.count("graphql", "configuration") == 3


def test_a_changed_setting_builds_a_new_context(worker: InProcessHarness) -> None:
    first = worker.context()
    worker.configure(c_max_tags=7)

    second = worker.context()

    assert second is not first
    assert (second.config.max_tags, worker.components.settings.generation) == (7, 2)


def test_a_missing_token_is_reported_and_nothing_is_built(worker: InProcessHarness) -> None:
    worker.configure(a_plex_token="")

    ctx = worker.components.settings.sync_context()

    assert ctx is None
    assert "Plex token" in worker.notices()[NO_SETTINGS]


def test_the_notice_goes_when_the_token_comes(worker: InProcessHarness) -> None:
    worker.configure(a_plex_token="")
    worker.components.settings.sync_context()
    worker.connect()

    ctx = worker.components.settings.sync_context()

    assert ctx is not None
    assert NO_SETTINGS not in worker.notices()


def test_a_bad_value_is_reported_and_its_default_is_used(worker: InProcessHarness) -> None:
    worker.configure(c_max_tags="many")

    ctx = worker.context()

    assert ctx.config.max_tags == 100
    assert any("many" in text for text in worker.notices().values())


def test_the_token_never_reaches_the_log(worker: InProcessHarness) -> None:
    worker.context()

    worker.log.info("test", token=worker.plex.token)

    assert worker.lines[-1] == "test token=***"


def test_without_a_session_nothing_can_be_read(worker: InProcessHarness) -> None:
    settings = worker.components.settings
    worker.store.connection.execute("DELETE FROM session")

    assert settings.stash() is None
    for question in (settings.sync_context, settings.renew_session):
        with pytest.raises(StashUnavailable, match="no hook or task"):
            question()


def test_a_session_that_is_over_is_replaced_by_the_next_hooks(guarded: InProcessHarness) -> None:
    guarded.context()
    guarded.clock.advance(4000)
    with pytest.raises(StashUnavailable):
        guarded.components.settings.sync_context()

    guarded.store_session(fresh(guarded))

    assert guarded.components.settings.sync_context() is not None


def test_a_session_stored_after_the_clock_went_back_counts(
    guarded: InProcessHarness,
) -> None:
    guarded.context()
    guarded.clock.advance(4000)
    guarded.components.settings.stash()
    guarded.clock.jump(-8000)

    guarded.store_session(fresh(guarded))

    assert guarded.components.settings.sync_context() is not None


def test_a_hook_without_a_cookie_takes_nothing_away(guarded: InProcessHarness) -> None:
    guarded.context()
    guarded.clock.advance(1)

    guarded.store_session("")

    assert guarded.components.settings.sync_context() is not None


def test_renewing_keeps_the_session_alive_far_beyond_its_age(guarded: InProcessHarness) -> None:
    settings = guarded.components.settings

    for _ in range(10):
        age_s = settings.renew_session()
        guarded.clock.advance(age_s / 3)

    assert settings.sync_context() is not None


def test_a_renewed_cookie_is_kept_for_the_next_worker(guarded: InProcessHarness) -> None:
    first = guarded.components.queue.facts.session()
    guarded.clock.advance(1000)

    guarded.components.settings.renew_session()

    kept = guarded.components.queue.facts.session()
    assert first is not None
    assert kept is not None
    assert kept.cookie != first.cookie
    guarded.clock.advance(3000)
    guarded.restart()
    assert guarded.components.settings.sync_context() is not None


def test_the_api_key_takes_over_when_the_session_is_over(guarded: InProcessHarness) -> None:
    guarded.components.settings.renew_session()
    guarded.clock.advance(4000)

    assert guarded.components.settings.sync_context() is not None


def test_another_port_is_another_client(worker: InProcessHarness) -> None:
    first = worker.components.settings.stash()
    worker.stash.down()
    where = {
        "scheme": "http",
        "host": "0.0.0.0",
        "port": 9,
        "cookie": "x",
        "now": worker.clock.now + 1,
    }

    save_session(worker.store, where)

    second = worker.components.settings.stash()
    assert first is not None
    assert second is not None
    assert (second.base_url, second is first) == ("http://127.0.0.1:9", False)


def test_storing_a_default_is_no_change(worker: InProcessHarness) -> None:
    first = worker.context()
    worker.configure(a_enabled=True, b_strict_matching=True)

    assert worker.context() is first
    assert worker.components.settings.generation == 1
