"""A value that Plex does not keep, or that something replaces, is not sent for ever.

A new value of Stash is always sent.
"""

from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

import pytest

from core.job import FORCE_SYNC
from sync.batch_records import BatchRecords
from sync.suspensions import lift_for_scene
from tests.emulators.stash_images import png
from tests.harness.in_process import InProcessHarness
from worker.reporting.status import status_lines, take_snapshot

DAY_S = 86_400.0


def sync(worker: InProcessHarness, scene: int, *, cause: str = "update", **changes: Any) -> None:
    """Sync the scene an hour later, with these changes in Stash."""
    worker.clock.advance(3_600)
    if changes:
        worker.change(scene, **changes)
    worker.enqueue(scene, cause=cause)
    worker.drain()


def sends(worker: InProcessHarness, argument: str) -> list[str]:
    """Return the values of this argument in all edits."""
    queries = [parse_qs(urlsplit(write.target).query) for write in worker.plex.writes()]
    return [values[argument][0] for values in queries if argument in values]


def status(worker: InProcessHarness) -> str:
    snapshot = take_snapshot(worker.data, worker.store, worker.clock)
    return "\n".join(status_lines(snapshot, worker.clock.wall()))


# -- not kept -----------------------------------------------------------------------------------


def test_a_date_that_plex_shifts_is_sent_twice(worker: InProcessHarness) -> None:
    worker.plex.switches.date_shift_days = -1
    scene = worker.titled_scene("a", date="2024-03-09")

    for number in range(10):
        sync(worker, scene, title=f"Title {number}")

    assert sends(worker, "originallyAvailableAt.value") == ["2024-03-09"] * 2
    assert worker.titled_item().title == "Title 9"
    notice = worker.notices()["not_kept:date"]
    assert "'2024-03-08' instead of '2024-03-09'" in notice
    assert "Force Sync All" in notice
    assert len(worker.events("value.suspended")) == 1
    assert "No longer sent: 1 x date (Plex does not keep it)." in status(worker)


def test_a_new_date_is_sent_after_a_suspended_one(worker: InProcessHarness) -> None:
    worker.plex.switches.date_shift_days = -1
    scene = worker.titled_scene("a", date="2024-03-09")
    for _ in range(3):
        sync(worker, scene)

    sync(worker, scene, date="2024-05-06")
    sync(worker, scene, date="2024-03-09")

    assert sends(worker, "originallyAvailableAt.value")[2:] == ["2024-05-06", "2024-03-09"]


@pytest.mark.parametrize(
    ("field", "argument", "fields"),
    [
        ("studio", "studio.value", {"studio": "Aurora"}),
        ("genre", "genre[0].tag.tag", {"tags": ["night"]}),
        ("collection", "collection[0].tag.tag", {"studio": "Aurora"}),
        ("userRating", "userRating.value", {"rating100": 80}),
        ("label", "label[0].tag.tag", {"tags": ["night"]}),
        ("director", "director[0].tag.tag", {"director": "Ada"}),
        ("contentRating", "contentRating.value", {}),
        ("originalTitle", "originalTitle.value", {"code": "AF-017"}),
        ("titleSort", "titleSort.value", {"code": "AF-017"}),
    ],
)
def test_a_field_that_plex_drops_is_sent_twice(
    worker: InProcessHarness, field: str, argument: str, fields: dict[str, Any]
) -> None:
    worker.configure(
        c_sync_rating=True,
        c_sync_labels=True,
        c_sync_director=True,
        c_content_rating="XXX",
        c_original_title_source="code",
        c_sort_title_format="{code}",
    )
    worker.plex.switches.ignored_fields = frozenset({field})
    scene = worker.titled_scene("a", **fields)

    for _ in range(5):
        sync(worker, scene)

    assert len(sends(worker, argument)) == 2


def test_a_name_that_plex_does_not_remove_is_sent_twice(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", tags=["night", "train"])
    sync(worker, scene)
    worker.plex.switches.ignored_fields = frozenset({"genre"})

    sync(worker, scene, tags=["night"])
    for _ in range(4):
        sync(worker, scene)

    assert sends(worker, "genre[].tag.tag-") == ["train"] * 2
    assert "not_kept:tags" in worker.notices()


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_tag_in_another_unicode_form_is_kept(
    worker: InProcessHarness, form: Literal["NFC", "NFD"]
) -> None:
    worker.plex.switches.tag_form = form
    scene = worker.titled_scene("a", tags=["Été"], studio="Café")

    for _ in range(3):
        sync(worker, scene)

    assert len(worker.plex.writes()) == 1
    assert worker.notices() == {}


def test_a_trimmed_text_is_kept(worker: InProcessHarness) -> None:
    worker.plex.switches.trim_text = True
    scene = worker.titled_scene("a", details="Words.\r\n")

    for _ in range(3):
        sync(worker, scene)

    assert len(worker.plex.writes()) == 1


# -- overwritten --------------------------------------------------------------------------------


def fight(worker: InProcessHarness, scene: int, rounds: int, **theirs: Any) -> None:
    """Let another program set these attributes after each sync."""
    for _ in range(rounds):
        sync(worker, scene)
        worker.plex.library.change(worker.titled_item().rating_key, **theirs)


def replace_image(worker: InProcessHarness, number: int, field: str = "poster") -> None:
    """Let another program choose an image of its own."""
    worker.plex.library.change(worker.titled_item().rating_key, **{field: png(100 + number)})


def image_of(worker: InProcessHarness, field: str) -> bytes | None:
    item = worker.titled_item()
    return item.poster_bytes if field == "poster" else item.art_bytes


def test_a_fight_about_genres_ends_after_three_sends(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", tags=["ours"])

    fight(worker, scene, 10, genres=["theirs"])

    assert sends(worker, "genre[0].tag.tag") == ["ours"] * 3
    notice = worker.notices()["overwritten:tags"]
    for way_out in ("Preserve Plex edits", "Sync tags as genres", "Force Sync All"):
        assert way_out in notice
    assert "No longer sent: 1 x tags (something replaces it)." in status(worker)


def test_other_fields_are_sent_during_a_fight(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", tags=["ours"])
    fight(worker, scene, 5, genres=["theirs"])

    sync(worker, scene, title="New")

    assert worker.titled_item().title == "New"
    assert worker.titled_item().genres == ["theirs"]


def test_a_new_value_is_sent_after_a_fight(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", tags=["ours"])
    fight(worker, scene, 5, genres=["theirs"])

    sync(worker, scene, tags=["ours", "new"])

    assert set(worker.titled_item().genres) == {"ours", "new"}


def test_a_repair_now_and_then_is_no_fight(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", details="Ours.")

    for _ in range(6):
        fight(worker, scene, 1, summary="Theirs.")
        worker.clock.advance(4 * DAY_S)

    assert len(sends(worker, "summary.value")) == 6


@pytest.mark.parametrize(
    ("setting", "is_named"), [({}, True), ({"c_lock_collections": True}, False)]
)
def test_the_notice_about_collections_names_their_lock(
    worker: InProcessHarness, setting: dict[str, Any], is_named: bool
) -> None:
    worker.configure(**setting)
    worker.plex.switches.agent_collections = "replace"
    scene = worker.titled_scene("a", studio="Aurora")

    for _ in range(5):
        sync(worker, scene)
        worker.plex.library.change(worker.titled_item().rating_key, collections=["Agent"])

    assert ("'Lock collections' on" in worker.notices()["overwritten:collection"]) is is_named


@pytest.mark.parametrize("field", ["poster", "background"])
def test_a_fight_about_an_image_ends_after_three_sends(
    worker: InProcessHarness, field: str
) -> None:
    worker.configure(c_background_source="cover")
    scene = worker.titled_scene("a", cover=png(1))

    for number in range(8):
        sync(worker, scene, title=f"Title {number}")
        replace_image(worker, number, field)
    shown = image_of(worker, field)
    reads = len(worker.plex.requests)
    sync(worker, scene)

    assert image_of(worker, field) == shown != png(1)
    assert f"overwritten:{field}" in worker.notices()
    assert "another image" in worker.notices()[f"overwritten:{field}"]
    assert f"1 x {field} (something replaces it)" in status(worker)
    assert not any("posters" in each.path for each in worker.plex.requests[reads:])


def test_a_new_cover_is_sent_after_a_fight(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", cover=png(1))
    for number in range(5):
        sync(worker, scene)
        replace_image(worker, number)
    assert worker.titled_item().poster_bytes != png(1)

    worker.stash.library.set_cover(scene, png(2))
    sync(worker, scene, title="New")

    assert worker.titled_item().poster_bytes == png(2)


def test_force_sync_sends_a_suspended_image(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", cover=png(1))
    for number in range(5):
        sync(worker, scene)
        replace_image(worker, number)

    sync(worker, scene, cause=FORCE_SYNC)

    assert worker.titled_item().poster_bytes == png(1)


# -- what lifts it ------------------------------------------------------------------------------


def suspended_scene(worker: InProcessHarness) -> int:
    scene = worker.titled_scene("a", tags=["ours"])
    fight(worker, scene, 5, genres=["theirs"])
    assert worker.titled_item().genres == ["theirs"]
    return scene


def test_force_sync_lifts_it(worker: InProcessHarness) -> None:
    scene = suspended_scene(worker)

    sync(worker, scene, cause=FORCE_SYNC)

    assert worker.titled_item().genres == ["ours"]
    assert "No longer sent" not in status(worker)


def test_force_sync_lifts_what_it_would_suspend(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", tags=["ours"])
    fight(worker, scene, 3, genres=["theirs"])

    sync(worker, scene, cause=FORCE_SYNC)

    assert worker.titled_item().genres == ["ours"]


def test_a_changed_setting_of_the_field_lifts_it(worker: InProcessHarness) -> None:
    scene = suspended_scene(worker)

    for value in (False, True):
        worker.configure(c_sync_tags=value)
        sync(worker, scene)

    assert worker.titled_item().genres == ["ours"]


def test_a_changed_setting_of_another_field_lifts_nothing(worker: InProcessHarness) -> None:
    scene = suspended_scene(worker)

    for value in (False, True):
        worker.configure(c_sync_studio=value)
        sync(worker, scene)

    assert worker.titled_item().genres == ["theirs"]


def test_a_setting_changed_while_no_worker_ran_lifts_it(worker: InProcessHarness) -> None:
    scene = suspended_scene(worker)
    worker.end_worker()
    worker.configure(c_preserve_plex_edits=True)
    worker.begin_worker()
    worker.store_session()

    sync(worker, scene)

    assert set(worker.titled_item().genres) == {"ours", "theirs"}


def test_one_scene_is_lifted_alone(worker: InProcessHarness) -> None:
    scene = suspended_scene(worker)
    records = BatchRecords(worker.context().records, worker.plex.machine_identifier)
    records.load([scene], [])

    assert lift_for_scene(records, scene)
    assert not lift_for_scene(records, scene)
    sync(worker, scene)

    assert worker.titled_item().genres == ["ours"]


def test_a_restart_forgets_nothing(worker: InProcessHarness) -> None:
    scene = suspended_scene(worker)
    worker.restart()
    worker.store_session()

    sync(worker, scene)

    assert worker.titled_item().genres == ["theirs"]
