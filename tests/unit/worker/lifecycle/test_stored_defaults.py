"""A stored default is no choice of the user: which values PlexSync stored is on record."""

import pytest

from sync_queue.meta import MetaStore
from tests.harness.queue import QueueHarness
from validation.settings import BY_NAME
from worker.lifecycle.stored_defaults import (
    STORED_DEFAULTS,
    StoredDefaults,
    outdated_defaults,
)

TAGS = BY_NAME["max_tags"]
ENABLED = BY_NAME["enabled"]
EARLIER = 7


@pytest.fixture
def defaults(queue: QueueHarness) -> StoredDefaults:
    """The record of defaults that an earlier version has stored."""
    stored = StoredDefaults(MetaStore(queue.store))
    stored.remember({TAGS.key: EARLIER, ENABLED.key: True})
    return stored


def test_an_earlier_default_is_replaced_by_the_new_one(defaults: StoredDefaults) -> None:
    raw = {TAGS.key: EARLIER, ENABLED.key: True}

    assert outdated_defaults(defaults.values(), raw) == {TAGS.key: TAGS.default}


@pytest.mark.parametrize("value", [8, 0, "7", True, None, TAGS.default])
def test_a_value_that_differs_is_the_users(defaults: StoredDefaults, value: object) -> None:
    assert outdated_defaults(defaults.values(), {TAGS.key: value}) == {}


def test_a_value_not_on_record_is_the_users(defaults: StoredDefaults) -> None:
    """So it is with everything that version 1.1.0 has stored."""
    assert outdated_defaults({}, {TAGS.key: EARLIER}) == {}


@pytest.mark.parametrize("raw", [{TAGS.key: 8, ENABLED.key: True}, {ENABLED.key: True}])
def test_what_was_once_changed_or_missing_stays_the_users(
    defaults: StoredDefaults, raw: dict[str, object]
) -> None:
    defaults.forget_changed(raw)

    assert outdated_defaults(defaults.values(), {TAGS.key: EARLIER}) == {}
    assert defaults.values() == {ENABLED.key: [True]}


def test_an_empty_map_says_nothing(defaults: StoredDefaults) -> None:
    defaults.forget_changed({})

    assert defaults.values() == {TAGS.key: [EARLIER], ENABLED.key: [True]}


@pytest.mark.parametrize("held", [EARLIER, 9])
def test_a_kill_while_a_default_is_replaced_keeps_it_on_record(
    defaults: StoredDefaults, held: int
) -> None:
    defaults.expect({TAGS.key: 9})
    defaults.forget_changed({TAGS.key: held, ENABLED.key: True})

    assert outdated_defaults(defaults.values(), {TAGS.key: held}) == {TAGS.key: TAGS.default}


def test_a_setting_that_no_longer_exists_is_left_alone(defaults: StoredDefaults) -> None:
    defaults.remember({"z_gone": 1})

    assert outdated_defaults(defaults.values(), {"z_gone": 1}) == {}


@pytest.mark.parametrize("stored", ["", "{", "[]", '{"c_max_tags": 7}', "null"])
def test_a_damaged_record_makes_every_value_the_users(queue: QueueHarness, stored: str) -> None:
    facts = MetaStore(queue.store)
    facts.set(STORED_DEFAULTS, stored)

    assert StoredDefaults(facts).values() == {}
