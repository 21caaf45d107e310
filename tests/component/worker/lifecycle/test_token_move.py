"""The worker moves a token out of Stash's settings: once they are stable, and for good."""

from pathlib import Path
from typing import Any

import pytest

from stash.client import PLUGIN_ID
from tests.emulators.stash_faults import Fault
from tests.harness.in_process import NOW, InProcessHarness
from tests.harness.processes import running
from tests.harness.queue import Killed
from tests.harness.servers import TOKEN
from validation.token_file import DIGESTS, FILE_NAME, TokenFile
from worker.lifecycle.live_settings import NO_SETTINGS
from worker.lifecycle.token_move import (
    NOTICE_EMPTIED,
    NOTICE_FAILED,
    NOTICE_MOVED,
    STABLE_FOR_S,
    WATCH_S,
)

SPELLINGS = ("a_plex_token", "plex_token", "plexToken")


def stored(worker: InProcessHarness) -> dict[str, Any]:
    return dict(worker.stash.settings(PLUGIN_ID) or {})


def save(worker: InProcessHarness, values: dict[str, Any]) -> None:
    """Replace the whole map, as a settings page does."""
    worker.stash.graphql(
        "mutation($id: ID!, $input: Map!) { configurePlugin(plugin_id: $id, input: $input) }",
        {"id": PLUGIN_ID, "input": values},
    )


def kept(worker: InProcessHarness) -> str:
    return TokenFile(worker.data, worker.clock.sleep).load().token


def in_use(worker: InProcessHarness) -> str:
    return str(worker.context().config.plex_token.get_secret_value())


def live(worker: InProcessHarness, seconds: float, step: float = 5.0) -> None:
    for _ in range(int(seconds / step) + 1):
        worker.run_once(step)


def moved(worker: InProcessHarness) -> InProcessHarness:
    """Let the worker move the token that the settings have."""
    live(worker, STABLE_FOR_S + 5)
    assert (kept(worker), stored(worker)["a_plex_token"]) == (TOKEN, "")
    return worker


def test_the_token_is_moved_once_the_settings_are_stable(worker: InProcessHarness) -> None:
    live(worker, STABLE_FOR_S - 10)
    before = stored(worker)

    live(worker, 20)

    assert before["a_plex_token"] == TOKEN
    assert (kept(worker), stored(worker)["a_plex_token"]) == (TOKEN, "")
    assert "data/plex_token" in worker.notices()[NOTICE_MOVED]
    assert worker.events("token.moved") == ["token.moved file=plex_token"]
    assert TOKEN not in (worker.data / DIGESTS).read_text("utf-8")


def test_every_spelling_is_emptied_and_nothing_else(worker: InProcessHarness) -> None:
    worker.configure(plexToken="other", plex_token=TOKEN, plexHost="h", c_max_tags=7)
    before = stored(worker)

    live(worker, STABLE_FOR_S + 10)

    after = stored(worker)
    assert {after[key] for key in SPELLINGS} == {""}
    assert {key: after[key] for key in before if key not in SPELLINGS} == {
        key: before[key] for key in before if key not in SPELLINGS
    }


def test_a_move_changes_neither_connection_nor_index(worker: InProcessHarness) -> None:
    before = worker.context()

    moved(worker)

    assert worker.context() is before
    assert worker.components.settings.generation == 1


def test_settings_that_are_being_edited_are_left_alone(worker: InProcessHarness) -> None:
    for number in range(6):
        worker.configure(c_max_tags=10 + number)
        worker.context()
        live(worker, STABLE_FOR_S / 2)

    assert stored(worker)["a_plex_token"] == TOKEN
    moved(worker)


def test_a_change_at_the_last_moment_is_not_lost(worker: InProcessHarness) -> None:
    live(worker, STABLE_FOR_S - 10)
    worker.configure(c_max_tags=7)

    live(worker, 20)
    meanwhile = stored(worker)
    live(worker, STABLE_FOR_S)

    assert (meanwhile["a_plex_token"], meanwhile["c_max_tags"]) == (TOKEN, 7)
    assert (stored(worker)["a_plex_token"], stored(worker)["c_max_tags"]) == ("", 7)


def test_a_token_is_found_though_nothing_else_happens(worker: InProcessHarness) -> None:
    moved(worker)

    worker.configure(a_plex_token="newer-token")
    live(worker, WATCH_S + STABLE_FOR_S + 20, step=10.0)

    assert (kept(worker), stored(worker)["a_plex_token"]) == ("newer-token", "")


def test_a_new_token_counts_before_it_is_moved(worker: InProcessHarness) -> None:
    moved(worker)

    worker.configure(a_plex_token="newer-token")

    assert in_use(worker) == "newer-token"
    assert kept(worker) == TOKEN


def test_an_old_map_is_emptied_and_its_token_not_taken(worker: InProcessHarness) -> None:
    old_map = stored(worker)
    moved(worker)
    worker.configure(a_plex_token="newer-token")
    worker.context()
    live(worker, STABLE_FOR_S + 10)

    save(worker, {**old_map, "c_max_tags": 7})
    during = in_use(worker)
    live(worker, STABLE_FOR_S + 10)

    assert (during, in_use(worker), kept(worker)) == ("newer-token",) * 3
    assert (stored(worker)["a_plex_token"], stored(worker)["c_max_tags"]) == ("", 7)
    assert NOTICE_EMPTIED in worker.notices()


def test_a_moved_token_is_never_restored_to_a_dropped_key(worker: InProcessHarness) -> None:
    moved(worker)
    live(worker, 2 * STABLE_FOR_S)

    save(worker, {"a_plex_url": worker.plex.url})
    live(worker, WATCH_S + 3 * STABLE_FOR_S, step=10.0)

    assert TOKEN not in stored(worker).values()
    assert stored(worker)["a_enabled"] is True  # what was dropped besides is back
    assert in_use(worker) == TOKEN


def test_with_the_token_in_its_file_the_worker_works(worker: InProcessHarness) -> None:
    moved(worker)
    worker.restart()
    scene = worker.titled_scene("a", title="Edited")

    worker.sync(scene)

    assert worker.titled_item("a").title == "Edited"
    assert NO_SETTINGS not in worker.notices()


def test_a_deleted_token_pauses_the_worker_and_keeps_jobs(worker: InProcessHarness) -> None:
    moved(worker)
    scene = worker.titled_scene("a", title="Edited")
    (worker.data / FILE_NAME).unlink()

    worker.enqueue(scene)
    live(worker, 60)
    paused = worker.titled_item("a").title
    notices = worker.notices()
    TokenFile(worker.data, worker.clock.sleep).save(TOKEN)
    live(worker, 60)

    assert (paused == "Edited", worker.titled_item("a").title) == (False, "Edited")
    assert "Plex token is not set" in notices[NO_SETTINGS]


def test_without_a_writable_file_the_token_stays_and_works(worker: InProcessHarness) -> None:
    (worker.data / FILE_NAME).mkdir()

    live(worker, 2 * STABLE_FOR_S)
    scene = worker.titled_scene("a", title="Edited")
    worker.sync(scene)

    assert stored(worker)["a_plex_token"] == TOKEN
    assert worker.titled_item("a").title == "Edited"
    assert "stays in Stash's settings" in worker.notices()[NOTICE_FAILED]


def test_a_folder_that_becomes_writable_gets_the_token(worker: InProcessHarness) -> None:
    blocker = worker.data / FILE_NAME
    blocker.mkdir()
    live(worker, 2 * STABLE_FOR_S)

    blocker.rmdir()
    live(worker, WATCH_S + 2 * STABLE_FOR_S, step=10.0)

    assert (kept(worker), stored(worker)["a_plex_token"]) == (TOKEN, "")
    assert NOTICE_FAILED not in worker.notices()


def test_a_stash_that_refuses_to_save_is_asked_again_later(worker: InProcessHarness) -> None:
    worker.stash.faults.plan(Fault(name="configurePlugin", graphql_error="no", times=2))

    live(worker, 2 * STABLE_FOR_S)
    meanwhile = stored(worker)["a_plex_token"]
    live(worker, WATCH_S + 2 * STABLE_FOR_S, step=10.0)

    assert meanwhile == TOKEN
    assert (kept(worker), stored(worker)["a_plex_token"]) == (TOKEN, "")


@pytest.mark.parametrize("name", ["token.kept", "token.remembered"])
def test_a_worker_killed_while_moving_loses_no_token(tmp_path: Path, name: str) -> None:
    def kill(passed: str) -> None:
        if passed == name:
            raise Killed(name)

    with running(InProcessHarness(tmp_path, hooks=False, start=NOW)) as worker:
        worker.end_worker()
        worker.begin_worker(kill)
        with pytest.raises(Killed):
            live(worker, STABLE_FOR_S + 10)
        left = stored(worker)["a_plex_token"]
        worker.restart()
        between = in_use(worker)

        live(worker, STABLE_FOR_S + 10)

        assert (left, between, in_use(worker)) == (TOKEN,) * 3
        assert (kept(worker), stored(worker)["a_plex_token"]) == (TOKEN, "")


def test_no_token_reaches_the_log(worker: InProcessHarness) -> None:
    moved(worker)
    worker.configure(a_plex_token="newer-token")
    worker.context()
    worker.configure(a_plex_token=TOKEN)
    worker.context()

    worker.log.info("test", detail=f"{TOKEN} newer-token")

    assert worker.events("test") == ['test detail="*** ***"']
