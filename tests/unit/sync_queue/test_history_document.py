"""How often a value was sent is stored compactly; what 1.1.0 stored has no history."""

import json
from dataclasses import replace

import pytest

from core.record import FieldRecord, ImageRecord, SyncRecord
from core.send_history import NO_HISTORY, SendHistory, Suspension
from sync_queue.history_document import history_document, read_history
from sync_queue.records import Records
from tests.harness.queue import QueueHarness

SUSPENDED = SendHistory((1_700_000_000, 1_700_000_100), 2, Suspension.NOT_KEPT)
RECORD = SyncRecord(
    42,
    "machine",
    7,
    "uuid",
    "/a",
    fields={"title": FieldRecord("p"), "date": FieldRecord("q", history=SUSPENDED)},
    images={"poster": ImageRecord("sha")},
)


@pytest.mark.parametrize(
    "history",
    [
        SUSPENDED,
        SendHistory((1_700_000_000,)),
        SendHistory(not_kept=1),
        SendHistory(suspension=Suspension.OVERWRITTEN),
    ],
)
def test_a_history_is_read_back_as_it_was_stored(history: SendHistory) -> None:
    assert read_history(json.loads(json.dumps(history_document(history)))) == history


def test_an_empty_history_takes_no_room() -> None:
    assert history_document(NO_HISTORY) == {}
    assert read_history(None) == NO_HISTORY


def test_stored_words_never_change() -> None:
    assert history_document(SUSPENDED) == {
        "sent_at": [1_700_000_000, 1_700_000_100],
        "not_kept": 2,
        "suspension": "not_kept",
    }
    assert [reason.value for reason in Suspension] == ["", "not_kept", "overwritten"]


def test_records_with_a_suspended_value_are_found(queue: QueueHarness) -> None:
    records = Records(queue.store)
    image = ImageRecord("sha", history=SendHistory(suspension=Suspension.OVERWRITTEN))
    by_image = replace(RECORD, item=8, server="other", fields={}, images={"poster": image})
    ordinary = replace(
        RECORD, item=9, fields={"title": FieldRecord("p", history=SendHistory((1,)))}
    )
    for record in (RECORD, by_image, ordinary):
        records.save(record)

    assert records.suspended() == [RECORD, by_image]
    assert records.of_item(9, "machine") == [ordinary]


def test_an_ordinary_record_is_stored_as_in_1_1(queue: QueueHarness) -> None:
    Records(queue.store).save(replace(RECORD, fields={"title": FieldRecord("p", "s")}))

    (stored,) = queue.store.connection.execute("SELECT fields, images FROM records").fetchall()

    assert json.loads(stored[0]) == {
        "title": {"pushed": "p", "seen": "s", "names": [], "intended": ""}
    }
    assert json.loads(stored[1]) == {"poster": {"sha1": "sha", "etag": "", "shown": ""}}
