"""The tables beside the queue: dead letters, records, facts and notices."""

import json

import pytest

from core.job import PRIORITY_BACKFILL
from core.record import FieldRecord, ImageFailure, ImageRecord, SyncRecord
from sync_queue.dead_letters import DeadLetters
from sync_queue.hook_queue import pop_notices, session_parameters
from sync_queue.meta import MetaStore, StashSession, WorkerStatus, start_epoch
from sync_queue.notices import AGAIN_S, Notices
from sync_queue.records import Records
from tests.harness.database import save_session
from tests.harness.queue import Desk

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


def bury(desk: Desk, subject: str, reason: str = "WeakMatch") -> None:
    desk.store.dead_letter(desk.taken(subject), title="T", reason=reason, message="M")
    desk.clock.advance(1)


# -- dead letters -------------------------------------------------------------------------------


def test_dead_letters_are_listed_newest_first(desk: Desk) -> None:
    for number in (1, 2, 3):
        bury(desk, f"scene:{number}")

    assert [dead_letter.subject for dead_letter in DeadLetters(desk.store).newest(2)] == [
        "scene:3",
        "scene:2",
    ]


def test_letters_are_counted_by_reason(desk: Desk) -> None:
    for number, reason in enumerate(["WeakMatch", "PlexRejected", "PlexRejected"]):
        bury(desk, f"scene:{number}", reason)

    assert list(DeadLetters(desk.store).by_reason().items()) == [
        ("PlexRejected", 2),
        ("WeakMatch", 1),
    ]


def test_a_second_dead_letter_keeps_the_first_time(desk: Desk) -> None:
    bury(desk, "scene:1", "WeakMatch")
    first = DeadLetters(desk.store).newest()[0]

    bury(desk, "scene:1", "PlexRejected")

    dead_letters = DeadLetters(desk.store).newest()
    assert [dead_letter.reason for dead_letter in dead_letters] == ["PlexRejected"]
    assert dead_letters[0].first_at == first.first_at
    assert dead_letters[0].last_at == first.last_at + 1


def test_a_dropped_dead_letter_is_gone_and_the_others_stay(desk: Desk) -> None:
    dead_letters = DeadLetters(desk.store)
    for number in (1, 2, 3):
        bury(desk, f"scene:{number}")

    assert dead_letters.drop("scene:2")
    assert not dead_letters.drop("scene:2")
    assert [dead_letter.subject for dead_letter in dead_letters.newest(limit=None)] == [
        "scene:3",
        "scene:1",
    ]


def test_a_requeued_dead_letter_keeps_its_priority(desk: Desk) -> None:
    desk.store.enqueue("scene:1", "sync", PRIORITY_BACKFILL)
    desk.store.dead_letter(desk.store.claim()[0], title="", reason="PlexNotFound", message="")
    dead_letters = DeadLetters(desk.store)

    revived = dead_letters.requeue(dead_letters.newest()[0], desk.clock.wall())

    assert revived
    assert dead_letters.newest() == []
    job = desk.store.claim()[0]
    assert (job.subject, job.cause, job.priority, job.attempts) == (
        "scene:1",
        "revived",
        PRIORITY_BACKFILL,
        0,
    )


def test_a_letter_is_revived_once(desk: Desk) -> None:
    bury(desk, "scene:1")
    dead_letters = DeadLetters(desk.store)
    dead_letter = dead_letters.newest()[0]

    answers = [dead_letters.requeue(dead_letter, desk.clock.wall()) for _ in range(2)]

    assert answers == [True, False]
    assert len(desk.store.claim()) == 1


# -- records ------------------------------------------------------------------------------------


def test_a_record_is_read_back_as_it_was_saved(desk: Desk) -> None:
    records = Records(desk.store)

    records.save(RECORD)

    assert records.of_scene(42, "machine") == {7: RECORD}
    assert records.of_item(7, "machine") == [RECORD]


def test_an_image_that_plex_refused_stays_known(desk: Desk) -> None:
    records = Records(desk.store)
    failure = ImageFailure("other sha", 413, is_refusal=True, count=2, at=1_700_000_000.5)
    refused = RECORD.with_images({"poster": ImageRecord("sha", "etag", "/thumb/1", failure)})

    records.save(refused)

    assert records.of_scene(42, "machine") == {7: refused}


def test_an_image_that_was_chosen_by_hand_stays_known(desk: Desk) -> None:
    records = Records(desk.store)
    by_hand = RECORD.with_images({"poster": ImageRecord("sha", "etag", is_by_hand=True)})

    records.save(by_hand)

    assert records.of_scene(42, "machine") == {7: by_hand}


def test_an_image_is_stored_under_the_keys_of_1_1_0(desk: Desk) -> None:
    Records(desk.store).save(RECORD)

    (text,) = desk.store.connection.execute("SELECT images FROM records").fetchone()

    assert json.loads(text) == {"poster": {"sha1": "sha", "etag": "etag", "shown": "/thumb/1"}}


def test_a_record_of_another_server_counts_as_absent(desk: Desk) -> None:
    records = Records(desk.store)

    records.save(RECORD)

    assert records.of_scene(42, "other") == {}
    assert records.of_item(7, "other") == []
    assert records.last_synced_update(42, "other") == ("", 0.0)


def test_saving_a_record_again_replaces_it(desk: Desk) -> None:
    records = Records(desk.store)
    records.save(RECORD)
    newer = SyncRecord(42, "machine", 7, "uuid", "/media/b.mp4")

    records.save(newer)

    assert records.of_scene(42, "machine") == {7: newer}


def test_the_records_of_an_item_come_lowest_scene_first(desk: Desk) -> None:
    records = Records(desk.store)
    for scene_id in (10, 9, 100):
        records.save(SyncRecord(scene_id, "machine", 7, "uuid", "/a"))

    assert [record.scene_id for record in records.of_item(7, "machine")] == [9, 10, 100]


def test_a_scene_is_forgotten_on_every_server_and_an_item_on_one(desk: Desk) -> None:
    records = Records(desk.store)
    for server in ("machine", "other"):
        for item in (7, 8):
            records.save(SyncRecord(42, server, item, "uuid", "/a"))

    records.forget_item(42, "machine", 7)
    left = list(records.of_scene(42, "machine"))
    forgotten = records.forget_scene(42)

    assert (left, forgotten) == ([8], 3)
    assert records.of_scene(42, "other") == {}


def test_a_transferred_record_does_not_prove_current(
    desk: Desk,
) -> None:
    records = Records(desk.store)
    records.save(RECORD)

    records.transfer(RECORD, 43)

    (heir,) = records.of_item(7, "machine")
    assert (heir.scene_id, heir.path, heir.fields) == (43, RECORD.path, RECORD.fields)
    assert {name: image.sha1 for name, image in heir.images.items()} == {
        name: image.sha1 for name, image in RECORD.images.items()
    }
    assert {image.etag for image in heir.images.values()} <= {""}
    assert records.last_synced_update(43, "machine") == ("", 0.0)


def test_the_newest_known_update_of_a_scene_is_told(desk: Desk) -> None:
    records = Records(desk.store)
    records.save(SyncRecord(42, "machine", 7, "uuid", "/a", updated_at="2024-01-01", read_at=5.0))
    records.save(SyncRecord(42, "machine", 8, "uuid", "/a", updated_at="2024-01-02", read_at=6.0))

    assert records.last_synced_update(42, "machine") == ("2024-01-02", 6.0)


# -- facts --------------------------------------------------------------------------------------


def connection_of(cookie: str) -> dict[str, object]:
    found = session_parameters(
        {"Scheme": "http", "Host": "0.0.0.0", "Port": 9999, "SessionCookie": {"Value": cookie}}, 5.0
    )
    assert found is not None
    return found


def test_the_newest_session_is_kept(desk: Desk) -> None:
    facts = MetaStore(desk.store)
    before = facts.session()

    save_session(desk.store, connection_of("one"))
    save_session(desk.store, connection_of("two"))

    assert before is None
    assert facts.session() == StashSession("http", "0.0.0.0", 9999, "two", 5.0)


def test_a_renewed_cookie_does_not_replace_a_newer_session(desk: Desk) -> None:
    facts = MetaStore(desk.store)
    save_session(desk.store, connection_of("one"))

    renewed = facts.renew_cookie("one", "two", 6.0)
    late = facts.renew_cookie("one", "three", 7.0)

    assert (renewed, late) == (True, False)
    assert facts.session() == StashSession("http", "0.0.0.0", 9999, "two", 6.0)


def test_every_worker_gets_a_higher_epoch(desk: Desk) -> None:
    connection = desk.store.connection

    epochs = [start_epoch(connection, 100 + number, "1.0.0", "hook", 9.0) for number in range(3)]

    worker = MetaStore(desk.store).worker()
    assert epochs == [1, 2, 3]
    assert worker is not None
    assert (worker.pid, worker.version, worker.epoch, worker.started_by) == (
        102,
        "1.0.0",
        3,
        "hook",
    )
    assert (worker.started_at, worker.status) == (9.0, WorkerStatus.STARTING)


def test_only_the_newest_worker_says_what_it_is_doing(desk: Desk) -> None:
    facts = MetaStore(desk.store)
    nobody = facts.worker()
    epoch = start_epoch(desk.store.connection, 1, "1.0.0", "hook", 9.0)

    facts.set_status(WorkerStatus.SYNCING, epoch)
    facts.set_status(WorkerStatus.IDLE, epoch - 1)

    worker = facts.worker()
    assert nobody is None
    assert worker is not None
    assert worker.status is WorkerStatus.SYNCING


def test_a_meta_value_is_empty_until_set_then_the_newest(desk: Desk) -> None:
    facts = MetaStore(desk.store)
    before = facts.get("watermark")

    facts.set("watermark", "a")
    facts.set("watermark", "b")

    assert (before, facts.get("watermark")) == ("", "b")


# -- notices ------------------------------------------------------------------------------------


def add(desk: Desk, text: str = "Check the token.", kind: str = "PlexAccessError") -> None:
    Notices(desk.store).add(kind, "error", text, desk.clock.wall())


def tell(desk: Desk) -> list[tuple[str, str]]:
    """As a hook does it."""
    return pop_notices(desk.store.connection, desk.clock.wall())


def test_a_notice_is_told_once(desk: Desk) -> None:
    add(desk)

    told = [tell(desk) for _ in range(2)]

    assert told == [[("error", "Check the token.")], []]


def test_a_class_is_not_told_again_within_the_hour(desk: Desk) -> None:
    add(desk)
    tell(desk)

    for _ in range(59):
        desk.clock.advance(60)
        add(desk)

    assert tell(desk) == []


def test_a_class_that_is_still_true_is_told_again_after_an_hour(desk: Desk) -> None:
    add(desk, "old")
    tell(desk)
    desk.clock.advance(AGAIN_S)

    add(desk, "new")

    assert tell(desk) == [("error", "new")]


@pytest.mark.parametrize("seconds", [-1_000_000, 1_000_000])
def test_a_clock_that_jumped_does_not_silence_a_class(desk: Desk, seconds: int) -> None:
    add(desk)
    tell(desk)
    desk.clock.jump(seconds)

    add(desk)

    assert len(tell(desk)) == 1


def test_classes_are_told_beside_each_other_oldest_first(desk: Desk) -> None:
    add(desk, "first", "PlexAccessError")
    desk.clock.advance(1)
    add(desk, "second", "Settings")

    assert Notices(desk.store).pending() == [
        ("PlexAccessError", "error", "first"),
        ("Settings", "error", "second"),
    ]
    assert tell(desk) == [("error", "first"), ("error", "second")]


def test_one_hook_tells_only_a_few_and_the_next_one_the_others(desk: Desk) -> None:
    for number in range(7):
        add(desk, str(number), f"class {number}")
        desk.clock.advance(1)

    told = [len(tell(desk)) for _ in range(3)]

    assert told == [5, 2, 0]


def test_a_cause_that_returns_is_told_at_once(desk: Desk) -> None:
    notices = Notices(desk.store)
    add(desk)
    tell(desk)
    notices.drop("PlexAccessError")

    add(desk)

    assert len(tell(desk)) == 1


def test_what_the_worker_has_said_is_not_said_by_a_hook(desk: Desk) -> None:
    add(desk)

    Notices(desk.store).mark_delivered("PlexAccessError", desk.clock.wall())

    assert tell(desk) == []
