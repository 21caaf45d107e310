"""Test that a record is read as it was saved, per server, and can be transferred."""

import json
from dataclasses import replace

import pytest

from core.record import FieldRecord, ImageFailure, ImageRecord, SyncRecord
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


def test_an_image_that_plex_refused_stays_known(queue: QueueHarness) -> None:
    records = Records(queue.store)
    failure = ImageFailure("other sha", 413, is_refusal=True, count=2, at=1_700_000_000.5)
    refused = RECORD.with_images({"poster": ImageRecord("sha", "etag", "/thumb/1", failure)})

    records.save(refused)

    assert records.of_scene(42, "machine") == {7: refused}


def test_an_image_that_was_chosen_by_hand_stays_known(queue: QueueHarness) -> None:
    records = Records(queue.store)
    by_hand = RECORD.with_images({"poster": ImageRecord("sha", "etag", is_by_hand=True)})

    records.save(by_hand)

    assert records.of_scene(42, "machine") == {7: by_hand}


def test_an_image_is_stored_under_the_keys_of_1_1_0(queue: QueueHarness) -> None:
    Records(queue.store).save(RECORD)

    (text,) = queue.store.connection.execute("SELECT images FROM records").fetchone()

    assert json.loads(text) == {"poster": {"sha1": "sha", "etag": "etag", "shown": "/thumb/1"}}


def test_a_record_of_another_server_counts_as_absent(queue: QueueHarness) -> None:
    records = Records(queue.store)

    records.save(RECORD)

    assert records.of_scene(42, "other") == {}
    assert records.of_item(7, "other") == []
    assert records.last_synced_update(42, "other") == ("", 0.0)


def test_a_saved_record_is_read_as_it_is_stored_now(queue: QueueHarness) -> None:
    records = Records(queue.store)
    moved = replace(RECORD, path="/media/b.mp4")
    records.save_all([RECORD, moved, RECORD])

    assert records.of_scenes([42], "machine") == [RECORD]
    queue.store.connection.execute("UPDATE records SET path = '/media/b.mp4'")
    assert records.of_scenes([42], "machine") == [moved]
    queue.store.connection.execute("UPDATE records SET fields = '{damaged'")
    assert records.of_scenes([42], "machine") == []


def test_a_record_that_was_not_saved_is_read_as_before(queue: QueueHarness) -> None:
    records = Records(queue.store)
    records.save(RECORD)

    with pytest.raises(RuntimeError), records.transaction():
        records.save(replace(RECORD, path="/media/b.mp4"))
        raise RuntimeError

    assert records.of_scenes([42], "machine") == [RECORD]


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


def test_a_fresh_database_names_every_upload(queue: QueueHarness) -> None:
    assert Records(queue.store).names_every_upload("machine")


def test_a_restored_item_keeps_uploads_that_are_not_named(queue: QueueHarness) -> None:
    records = Records(queue.store)

    records.originals.forget("machine", 7)

    assert not records.names_every_upload("machine")


@pytest.mark.parametrize("sections", [{"uuid": 1}, {}])
def test_a_server_with_a_new_identifier_has_unnamed_uploads(
    queue: QueueHarness, sections: dict[str, int]
) -> None:
    records = Records(queue.store)

    records.copy_server("old", "machine", sections)

    assert not records.names_every_upload("machine")
    assert records.names_every_upload("another")
