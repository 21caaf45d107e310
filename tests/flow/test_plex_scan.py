"""A new scene whose file Plex does not know: Plex is asked to scan that folder, once for all its scenes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from sync_queue.hook_queue import connect, insert_job, job_row
from tests.emulators.plex_server import Fault
from tests.emulators.stash_scan import NewFile
from tests.flow.house import LIMIT_S, Workroom, opened

SCAN = "/library/sections/{S}/refresh"
SETTLED_SCAN_S = 65.0


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Workroom]:
    home = Workroom(tmp_path)
    with opened(home, b_trigger_plex_scan=True):
        yield home


def create(room: Workroom, *names: str, on_disk: bool = True) -> list[int]:
    """Stash scans these new files below /data; Plex has them on its disk only. The scenes' ids."""
    if on_disk:
        for name in names:
            room.plex.library.add_file_on_disk(f"/media/{name}", 1_000)
    files = [NewFile(f"/data/{name}", 1_000) for name in names]
    room.stash.wait_job(room.stash.scan(*files), 10 * LIMIT_S)
    for one in files:
        room.stash.library.change_scene(one.scene_id, touch=False, details=f"Scene {one.scene_id}.")
    return [one.scene_id for one in files]


def note(room: Workroom, scenes: list[int]) -> None:
    """What the hooks of a scan would note, without their processes."""
    connection = connect(str(room.data))
    try:
        for scene in scenes:
            insert_job(
                connection, job_row(f"scene:{scene}", "scan", 0, room.clock.wall(), 0.0, None), None
            )
    finally:
        connection.close()


def asked(room: Workroom) -> list[tuple[int, str]]:
    """(library, folder) of every scan that was asked for."""
    found: list[tuple[int, str]] = []
    for request in room.plex.requests:
        section = re.fullmatch(r"/library/sections/(\d+)/refresh", request.path)
        if section:
            folder = parse_qs(urlsplit(request.target).query).get("path", [""])[0]
            found.append((int(section.group(1)), folder))
    return found


def summaries(room: Workroom) -> dict[str, str]:
    return {item.files[0]: item.summary for item in room.plex.library.items()}


def test_thirty_scenes_in_two_folders_are_two_scans(room: Workroom) -> None:
    names = [
        f"{folder}/{folder} {number}.mp4" for folder in ("new & odd", "b+c") for number in range(15)
    ]

    scenes = create(room, *names)
    room.work(SETTLED_SCAN_S)
    room.work_until(lambda: not room.jobs())

    assert sorted(asked(room)) == [(room.section, "/media/b+c"), (room.section, "/media/new & odd")]
    assert summaries(room) == {
        f"/media/{name}": f"Scene {scene}." for name, scene in zip(names, scenes, strict=True)
    }
    assert room.dead_letters() == []
    assert room.worker_log().count("plex.scan ") == 2


def test_a_new_scene_triggers_no_scan_by_default(room: Workroom) -> None:
    room.configure(b_trigger_plex_scan=False)

    create(room, "new/a.mp4")
    room.work(SETTLED_SCAN_S)
    room.work_for(600.0, step=60.0)

    assert asked(room) == []
    assert room.reasons() == {"PlexNotFound"}


def test_an_edit_of_an_old_scene_triggers_no_scan(room: Workroom) -> None:
    scene = room.scene("old/a.mp4", in_plex=False)
    room.plex.library.add_file_on_disk("/media/old/a.mp4", 1_000)

    room.edit(scene, title="Edited")
    room.work()

    assert asked(room) == []
    assert room.reasons() == {"PlexNotFound"}


def test_a_new_scene_that_plex_has_already_triggers_nothing(room: Workroom) -> None:
    room.plex.library.add_item(room.section, [("/media/new/a.mp4", 1_000)])

    create(room, "new/a.mp4", on_disk=False)
    room.work(SETTLED_SCAN_S)

    assert asked(room) == []
    assert summaries(room) == {"/media/new/a.mp4": "Scene 1."}


def test_a_folder_outside_all_libraries_is_reported_once(room: Workroom) -> None:
    room.configure(b_path_map="/data => /elsewhere")

    create(room, "new/a.mp4", "new/b.mp4", "other/c.mp4")
    room.work(SETTLED_SCAN_S)
    room.work_for(900.0, step=60.0)

    assert asked(room) == []
    assert room.worker_log().count("plex.scan_unmapped") == 1
    assert (
        len(room.said("none of its libraries holds the folder of /elsewhere/new/", "Warning")) == 1
    )


def test_five_hundred_scenes_in_one_folder_are_one_scan(room: Workroom) -> None:
    scenes = [
        room.stash.library.add_scene(f"/data/new/{number}.mp4", 1_000) for number in range(500)
    ]
    note(room, scenes)

    room.work(1.0)
    room.work_for(1200.0, step=300.0)

    assert asked(room) == [(room.section, "/media/new")]


def test_a_scene_after_the_scan_gets_a_scan_of_its_own(
    room: Workroom,
) -> None:
    room.work(0.0)
    note(room, [room.stash.library.add_scene("/data/new/a.mp4", 1_000)])
    room.work(1.0)

    room.clock.advance(30.0)
    note(room, [room.stash.library.add_scene("/data/new/b.mp4", 1_000)])
    room.work(1.0)
    soon = asked(room)
    room.work_for(600.0, step=10.0)

    assert soon == [(room.section, "/media/new")]
    assert asked(room) == [(room.section, "/media/new")] * 2


def test_of_very_many_folders_the_one_that_holds_them_is_scanned(room: Workroom) -> None:
    folders = [f"/data/new/{number}" for number in range(200)]
    note(room, [room.stash.library.add_scene(f"{folder}/a.mp4", 1_000) for folder in folders])

    room.work(1.0)
    room.work_for(600.0, step=120.0)

    assert asked(room) == [(room.section, "/media/new")]


def test_a_rejected_scan_costs_no_job_and_is_repeated(
    room: Workroom,
) -> None:
    refused = room.plex.faults.add(Fault(route=SCAN, status=403, times=1))
    scenes = create(room, "new/a.mp4", "other/b.mp4")

    room.work(SETTLED_SCAN_S)
    reasons = room.reasons()
    room.work_until(lambda: not room.jobs(), limit=1200.0)

    assert (len(scenes), refused.fired) == (2, 1)
    assert reasons == {"PlexNotFound"}
    assert "breaker.transition" not in room.worker_log()
    assert len(asked(room)) == 3
    assert summaries(room) == {"/media/new/a.mp4": "Scene 1.", "/media/other/b.mp4": "Scene 2."}


def test_a_scan_waits_for_the_end_of_an_outage(room: Workroom) -> None:
    create(room, "new/a.mp4")
    room.plex.maintenance(200.0)

    room.work(SETTLED_SCAN_S)
    room.work_until(lambda: "new=open" in room.worker_log())
    away = asked(room)
    room.work_until(lambda: not room.jobs(), limit=1800.0)

    assert away == []
    assert asked(room) == [(room.section, "/media/new")]
    assert summaries(room) == {"/media/new/a.mp4": "Scene 1."}


def test_without_a_path_mapping_stashs_folder_is_scanned(room: Workroom) -> None:
    other = room.plex.library.add_section("Same", ["/data/shared"]).key
    room.configure(b_path_map="")
    room.plex.library.add_file_on_disk("/data/shared/new/a.mp4", 1_000)

    create(room, "shared/new/a.mp4", on_disk=False)
    room.work(SETTLED_SCAN_S)
    room.work_until(lambda: not room.jobs())

    assert asked(room) == [(other, "/data/shared/new")]
    assert summaries(room) == {"/data/shared/new/a.mp4": "Scene 1."}


def test_without_a_path_mapping_a_learned_one_is_used(room: Workroom) -> None:
    known = [f"{folder}/{folder}{number}.mp4" for folder in "abc" for number in range(7)]
    scenes = [room.scene(name, 1_000 + number) for number, name in enumerate(known)]
    room.configure(b_path_map="")
    room.edit(scenes[0], title="Teaches")
    room.work()

    create(room, "d/new.mp4")
    room.work(SETTLED_SCAN_S)
    room.work_until(lambda: not room.jobs())

    assert asked(room) == [(room.section, "/media/d")]
    assert summaries(room)["/media/d/new.mp4"] == f"Scene {len(scenes) + 1}."


def test_a_library_that_is_not_configured_is_not_scanned(room: Workroom) -> None:
    room.plex.library.add_section("Other", ["/media"])
    room.configure(a_plex_libraries="Scenes")

    create(room, "new/a.mp4")
    room.work(SETTLED_SCAN_S)

    assert asked(room) == [(room.section, "/media/new")]


def test_a_scene_that_is_left_alone_triggers_nothing(room: Workroom) -> None:
    room.configure(b_only_organized=True)

    create(room, "new/a.mp4")
    room.work(SETTLED_SCAN_S)

    assert (asked(room), room.jobs()) == ([], [])


def test_skipped_scenes_of_a_subset_library_are_scanned_for(
    room: Workroom,
) -> None:
    room.configure(
        b_skip_not_found=True, b_path_map="/data/shown => /media; /data/hidden => /hidden"
    )
    room.plex.library.add_file_on_disk("/media/new/a.mp4", 1_000)

    shown, _ = create(room, "shown/new/a.mp4", "hidden/b.mp4", on_disk=False)
    room.work(SETTLED_SCAN_S)
    jobs = room.jobs()
    room.edit(shown, title="Edited")
    room.work()

    assert (jobs, asked(room)) == ([], [(room.section, "/media/new")])
    assert room.item("new/a.mp4").title == "Edited"
    assert "plex.scan_unmapped" not in room.worker_log()
