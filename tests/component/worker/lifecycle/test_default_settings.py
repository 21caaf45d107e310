"""Test that defaults missing from Stash's settings page are stored and no value is changed."""

from typing import Any

from core.version import VERSION
from stash.client import PLUGIN_ID
from tests.emulators.stash_faults import Fault
from tests.harness.in_process import InProcessHarness
from validation.setting import SettingType
from validation.settings import BY_NAME, SETTINGS
from validation.stored_settings import without_tokens
from worker.lifecycle.default_settings import (
    COMPLETE_READS,
    DONE,
    STABLE_FOR_S,
    WATCH_S,
    missing_defaults,
)
from worker.lifecycle.stored_defaults import STORED_DEFAULTS, StoredDefaults

A_WATCH = int(WATCH_S / STABLE_FOR_S)  # minutes between two looks, while nothing is missing


# -- the worker
# ---------------------------------------------------------------------------------------


def stored(worker: InProcessHarness) -> dict[str, Any]:
    return dict(worker.components.settings.stash().settings())  # type: ignore[union-attr]


def live(worker: InProcessHarness, seconds: float) -> None:
    for _ in range(int(seconds)):
        worker.run_once(1.0)


def test_defaults_are_stored_when_stable_once_per_version(worker: InProcessHarness) -> None:
    live(worker, STABLE_FOR_S - 5)
    before = stored(worker)
    live(worker, STABLE_FOR_S)
    after = stored(worker)
    worker.stash.configure(PLUGIN_ID, a_enabled=False)
    minutes(worker, (COMPLETE_READS + 2) * A_WATCH)

    assert "a_enabled" not in before
    assert after == {**missing_defaults(before), **without_tokens(before)}
    assert stored(worker)["a_enabled"] is False
    assert worker.components.queue.facts.get(DONE) == VERSION
    assert sum("settings.defaults" in line for line in worker.lines) == 1


def test_a_map_that_is_being_changed_is_left_alone(worker: InProcessHarness) -> None:
    for number in range(5):
        worker.configure(c_max_tags=10 + number)
        live(worker, STABLE_FOR_S)
        assert "a_enabled" not in stored(worker)

    live(worker, 2 * STABLE_FOR_S)

    assert stored(worker)["a_enabled"] is True
    assert stored(worker)["c_max_tags"] == 14


def test_an_incomplete_map_is_left_alone(worker: InProcessHarness) -> None:
    worker.configure(a_plex_token="")

    live(worker, 3 * STABLE_FOR_S)

    assert "a_enabled" not in stored(worker)


def test_a_stash_that_refuses_is_not_asked_again(worker: InProcessHarness) -> None:
    worker.stash.faults.plan(Fault(name="configurePlugin", graphql_error="no", times=None))

    live(worker, 4 * STABLE_FOR_S)

    assert sum("settings.defaults_failed" in line for line in worker.lines) == 1


class SettingsPage:
    """A settings page of Stash: it saves all values as they were when it was opened, with what is
    changed in it.
    """

    def __init__(self, worker: InProcessHarness) -> None:
        self._worker = worker
        self._values = stored(worker)

    def change(self, **values: Any) -> None:
        self._values.update(values)
        self._worker.components.settings.stash().save_settings(self._values)  # type: ignore[union-attr]


def minutes(worker: InProcessHarness, count: int) -> None:
    """Time passes; the worker turns once in each."""
    for _ in range(count):
        worker.run_once(STABLE_FOR_S)


def saves(worker: InProcessHarness) -> int:
    return worker.stash.count(name="configurePlugin")


def test_a_dropped_default_is_restored_and_the_value_stays(
    worker: InProcessHarness,
) -> None:
    page = SettingsPage(worker)
    minutes(worker, 2)
    complete = stored(worker)

    minutes(worker, 5)
    page.change(c_max_tags=7)
    dropped = stored(worker)
    minutes(worker, A_WATCH + 1)

    assert "a_enabled" in complete
    assert "a_enabled" not in dropped
    assert stored(worker) == {**complete, "c_max_tags": 7}
    assert any("settings.defaults restored=" in line for line in worker.lines)


def test_nothing_is_stored_while_settings_are_being_changed(
    worker: InProcessHarness,
) -> None:
    page = SettingsPage(worker)
    minutes(worker, 2)
    minutes(worker, A_WATCH - 1)
    before = saves(worker)

    for number in range(6):
        page.change(c_max_tags=10 + number)
        minutes(worker, 1)
    meanwhile = saves(worker) - before
    minutes(worker, 2)

    assert meanwhile == 6  # the page's own
    assert (stored(worker)["c_max_tags"], stored(worker)["a_enabled"]) == (15, True)


def test_a_user_value_dropped_by_an_old_page_is_restored(worker: InProcessHarness) -> None:
    older = SettingsPage(worker)
    minutes(worker, 2)
    SettingsPage(worker).change(a_enabled=False, b_excluded_tags="private")
    minutes(worker, A_WATCH + 1)

    older.change(c_strip_emoji=True)
    minutes(worker, A_WATCH + 1)

    now = stored(worker)
    assert (now["a_enabled"], now["b_excluded_tags"], now["c_strip_emoji"]) == (
        False,
        "private",
        True,
    )


def test_what_is_there_is_never_written_over(worker: InProcessHarness) -> None:
    minutes(worker, 2)
    chosen = {
        setting.key: 0 if setting.type is SettingType.NUMBER else ""
        for setting in SETTINGS
        if setting.default
    }
    worker.stash.configure(PLUGIN_ID, **chosen)

    minutes(worker, (COMPLETE_READS + 2) * A_WATCH)

    assert {key: stored(worker)[key] for key in chosen} == chosen


def test_after_an_hour_without_a_gap_stash_is_not_asked(worker: InProcessHarness) -> None:
    minutes(worker, (COMPLETE_READS + 2) * A_WATCH)
    page = {"a_plex_url": worker.plex.url, "a_plex_token": worker.plex.token}

    worker.components.settings.stash().save_settings(page)  # type: ignore[union-attr]
    minutes(worker, 2 * A_WATCH)

    assert worker.components.queue.facts.get(DONE) == VERSION
    assert stored(worker) == without_tokens(page)


def test_a_worker_killed_while_watching_leaves_it_to_the_next(worker: InProcessHarness) -> None:
    page = SettingsPage(worker)
    minutes(worker, 3)

    worker.restart()
    page.change(c_max_tags=7)
    minutes(worker, 3)

    assert (stored(worker)["a_enabled"], stored(worker)["c_max_tags"]) == (True, 7)


def test_a_map_that_was_emptied_stays_empty(worker: InProcessHarness) -> None:
    minutes(worker, 3)

    worker.components.settings.stash().save_settings({})  # type: ignore[union-attr]
    minutes(worker, 2 * A_WATCH)

    assert stored(worker) == {}


def test_a_map_that_was_emptied_is_filled_again(worker: InProcessHarness) -> None:
    worker.configure(b_excluded_tags="private")
    minutes(worker, 3)
    worker.components.settings.stash().save_settings({})  # type: ignore[union-attr]
    minutes(worker, A_WATCH)

    worker.connect()
    minutes(worker, 3)

    assert "b_excluded_tags" not in stored(worker)
    assert stored(worker)["a_enabled"] is True


def test_a_connection_that_was_taken_out_is_left_out(worker: InProcessHarness) -> None:
    minutes(worker, 3)

    worker.components.settings.stash().save_settings({"c_max_tags": 7})  # type: ignore[union-attr]
    minutes(worker, 2 * A_WATCH)

    assert stored(worker) == {"c_max_tags": 7}


# -- a later version with another default
# ---------------------------------------------------------------------------------------


def earlier_default(worker: InProcessHarness, *, on_record: bool = True) -> None:
    """An earlier version has stored everything; its default of one setting was another one."""
    minutes(worker, 3)
    worker.components.queue.facts.set(DONE, "0.9")
    worker.stash.configure(PLUGIN_ID, c_max_tags=7)
    worker.components.queue.facts.set(STORED_DEFAULTS, '{"c_max_tags": [7]}' if on_record else "")
    worker.restart()


def test_a_changed_default_reaches_who_never_chose(worker: InProcessHarness) -> None:
    earlier_default(worker)

    minutes(worker, (COMPLETE_READS + 2) * A_WATCH)

    assert stored(worker)["c_max_tags"] == BY_NAME["max_tags"].default
    assert worker.components.queue.facts.get(DONE) == VERSION
    assert sum("settings.defaults updated=c_max_tags" in line for line in worker.lines) == 1


def test_what_1_1_0_stored_counts_as_chosen(worker: InProcessHarness) -> None:
    earlier_default(worker, on_record=False)

    minutes(worker, (COMPLETE_READS + 2) * A_WATCH)

    assert stored(worker)["c_max_tags"] == 7


def test_a_default_changed_and_set_back_is_a_choice(worker: InProcessHarness) -> None:
    minutes(worker, (COMPLETE_READS + 2) * A_WATCH)
    known = StoredDefaults(worker.components.queue.facts)
    before = known.values()
    worker.stash.configure(PLUGIN_ID, a_enabled=False)
    worker.context()
    worker.stash.configure(PLUGIN_ID, a_enabled=True)
    worker.context()

    assert before["a_enabled"] == [True]
    assert "a_enabled" not in known.values()
    assert known.values().keys() == before.keys() - {"a_enabled"}


def test_restored_defaults_stay_on_record_choices_do_not(worker: InProcessHarness) -> None:
    older = SettingsPage(worker)
    minutes(worker, 2)
    SettingsPage(worker).change(c_strip_emoji=True, a_enabled=False)
    minutes(worker, A_WATCH + 1)

    older.change(b_excluded_tags="private")
    minutes(worker, A_WATCH + 1)

    known = StoredDefaults(worker.components.queue.facts).values()
    assert stored(worker)["a_enabled"] is False
    assert known["c_max_tags"] == [BY_NAME["max_tags"].default]
    assert "a_enabled" not in known
