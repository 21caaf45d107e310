"""Test that a record is read as it was saved, per server, and can be transferred."""

from core.record import FieldRecord, ImageRecord, SyncRecord
from sync_queue.records import Records
from tests.harness.queue import QueueHarness

RECORD = SyncRecord(
    scene_id=42,
    server="machine",
    item=7,
    section="uuid",
    path="/media/Zoë.mp4",
    oshash="ab",
    updated_at="2024-05-06T07:08:09+02:00",
    read_at=1_700_000_000.5,
    confidence="low",
    fields={"title": FieldRecord("p", "s"), "tags": FieldRecord("p", "", ("a", "b"))},
    images={"poster": ImageRecord("sha", "etag", "/thumb/1")},
)


def test_a_record_is_read_back_as_it_was_saved(queue: QueueHarness) -> None:
    records = Records(queue.store)

    records.save(RECORD)

    assert records.of_scene(42, "machine") == {7: RECORD}
    assert records.of_item(7, "machine") == [RECORD]


def test_a_record_of_another_server_counts_as_absent(queue: QueueHarness) -> None:
    records = Records(queue.store)

    records.save(RECORD)

    assert records.of_scene(42, "other") == {}
    assert records.of_item(7, "other") == []
    assert records.last_synced_update(42, "other") == ("", 0.0)


def test_saving_a_record_again_replaces_it(queue: QueueHarness) -> None:
    records = Records(queue.store)
    records.save(RECORD)
    newer = SyncRecord(42, "machine", 7, "uuid", "/media/b.mp4")

    records.save(newer)

    assert records.of_scene(42, "machine") == {7: newer}


def test_the_records_of_an_item_come_lowest_scene_first(queue: QueueHarness) -> None:
    records = Records(queue.store)
    for scene_id in (10, 9, 100):
        records.save(SyncRecord(scene_id, "machine", 7, "uuid", "/a"))

    assert [record.scene_id for record in records.of_item(7, "machine")] == [9, 10, 100]


def test_a_scene_is_forgotten_on_every_server_and_an_item_on_one(queue: QueueHarness) -> None:
    records = Records(queue.store)
    for server in ("machine", "other"):
        for item in (7, 8):
            records.save(SyncRecord(42, server, item, "uuid", "/a"))

    records.forget_item(42, "machine", 7)
    left = list(records.of_scene(42, "machine"))
    forgotten = records.forget_scene(42)

    assert (left, forgotten) == ([8], 3)
    assert records.of_scene(42, "other") == {}


def test_a_transferred_record_does_not_prove_current(
    queue: QueueHarness,
) -> None:
    records = Records(queue.store)
    records.save(RECORD)

    records.transfer(RECORD, 43)

    (transferred,) = records.of_item(7, "machine")
    assert (transferred.scene_id, transferred.path, transferred.fields) == (
        43,
        RECORD.path,
        RECORD.fields,
    )
    assert {name: image.sha1 for name, image in transferred.images.items()} == {
        name: image.sha1 for name, image in RECORD.images.items()
    }
    assert {image.etag for image in transferred.images.values()} <= {""}
    assert records.last_synced_update(43, "machine") == ("", 0.0)


def test_the_newest_known_update_of_a_scene_is_returned(queue: QueueHarness) -> None:
    records = Records(queue.store)
    records.save(SyncRecord(42, "machine", 7, "uuid", "/a", updated_at="2024-01-01", read_at=5.0))
    records.save(SyncRecord(42, "machine", 8, "uuid", "/a", updated_at="2024-01-02", read_at=6.0))

    assert records.last_synced_update(42, "machine") == ("2024-01-02", 6.0)
