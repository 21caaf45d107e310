"""A new scene whose file Plex does not know: Plex is asked to scan that folder, once for all its
scenes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from sync_queue.hook_queue import connect, insert_job, job_row
from sync_queue.store import BATCH
from tests.emulators.plex_server import Fault
from tests.emulators.stash_scan import NewFile
from tests.harness.in_process import InProcessHarness
from tests.harness.processes import running
from tests.harness.waiting import LIMIT_S

SCAN = "/library/sections/{S}/refresh"
SETTLED_SCAN_S = 65.0


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[InProcessHarness]:
    installed = InProcessHarness(tmp_path)
    with running(installed, b_trigger_plex_scan=True):
        yield installed


def create(worker: InProcessHarness, *names: str, on_disk: bool = True) -> list[int]:
    """Stash scans these new files below /data; Plex has them on its disk only. The scenes' ids."""
    if on_disk:
        for name in names:
            worker.plex.library.add_file_on_disk(f"/media/{name}", 1_000)
    files = [NewFile(f"/data/{name}", 1_000) for name in names]
    worker.stash.wait_job(worker.stash.scan(*files), 10 * LIMIT_S)
    for one in files:
        worker.stash.library.change_scene(
            one.scene_id, touch=False, details=f"Scene {one.scene_id}."
        )
    return [one.scene_id for one in files]


def note(worker: InProcessHarness, scenes: list[int]) -> None:
    """What the hooks of a scan would note, without their processes."""
    connection = connect(str(worker.data))
    try:
        for scene in scenes:
            insert_job(
                connection,
                job_row(f"scene:{scene}", "scan", 0, worker.clock.wall(), 0.0, None),
                None,
            )
    finally:
        connection.close()


def asked(worker: InProcessHarness) -> list[tuple[int, str]]:
    """(library, folder) of every scan that was asked for."""
    found: list[tuple[int, str]] = []
    for request in worker.plex.requests:
        section = re.fullmatch(r"/library/sections/(\d+)/refresh", request.path)
        if section:
            folder = parse_qs(urlsplit(request.target).query).get("path", [""])[0]
            found.append((int(section.group(1)), folder))
    return found


def summaries(worker: InProcessHarness) -> dict[str, str]:
    return {item.files[0]: item.summary for item in worker.plex.library.items()}


def test_thirty_scenes_in_two_folders_are_two_scans(worker: InProcessHarness) -> None:
    names = [
        f"{folder}/{folder} {number}.mp4" for folder in ("new & odd", "b+c") for number in range(15)
    ]

    scenes = create(worker, *names)
    worker.work(SETTLED_SCAN_S)
    worker.work_until(lambda: not worker.jobs())

    assert sorted(asked(worker)) == [
        (worker.section, "/media/b+c"),
        (worker.section, "/media/new & odd"),
    ]
    assert summaries(worker) == {
        f"/media/{name}": f"Scene {scene}." for name, scene in zip(names, scenes, strict=True)
    }
    assert worker.dead_letters() == []
    assert worker.worker_log().count("plex.scan ") == 2


def test_a_new_scene_triggers_no_scan_by_default(worker: InProcessHarness) -> None:
    worker.configure(b_trigger_plex_scan=False)

    create(worker, "new/a.mp4")
    worker.work(SETTLED_SCAN_S)
    worker.work_for(600.0, step=60.0)

    assert asked(worker) == []
    assert worker.reasons() == {"PlexNotFound"}


def test_an_edit_of_an_old_scene_triggers_no_scan(worker: InProcessHarness) -> None:
    scene = worker.scene("old/a.mp4", in_plex=False)
    worker.plex.library.add_file_on_disk("/media/old/a.mp4", 1_000)

    worker.edit(scene, title="Edited")
    worker.work()

    assert asked(worker) == []
    assert worker.reasons() == {"PlexNotFound"}


def test_a_new_scene_that_plex_has_already_triggers_nothing(worker: InProcessHarness) -> None:
    worker.plex.library.add_item(worker.section, [("/media/new/a.mp4", 1_000)])

    create(worker, "new/a.mp4", on_disk=False)
    worker.work(SETTLED_SCAN_S)

    assert asked(worker) == []
    assert summaries(worker) == {"/media/new/a.mp4": "Scene 1."}


def test_a_folder_beyond_all_libraries_is_reported_once(worker: InProcessHarness) -> None:
    worker.configure(b_path_map="/data => /elsewhere")

    create(worker, "new/a.mp4", "new/b.mp4", "other/c.mp4")
    worker.work(SETTLED_SCAN_S)
    worker.work_for(900.0, step=60.0)

    assert asked(worker) == []
    assert worker.worker_log().count("plex.scan_unmapped") == 1
    assert (
        len(
            worker.stash_log("none of its libraries holds the folder of /elsewhere/new/", "Warning")
        )
        == 1
    )


def test_a_reversed_mapping_is_named_where_no_library_holds_it(worker: InProcessHarness) -> None:
    worker.configure(b_path_map="/media => /data")

    create(worker, "new/a.mp4")
    worker.work(SETTLED_SCAN_S)

    (line,) = worker.stash_log("none of its libraries holds the folder", "Warning")
    assert "enter '/data => /media'" in line


def test_more_scenes_than_a_batch_in_one_folder_are_one_scan(worker: InProcessHarness) -> None:
    scenes = [
        worker.stash.library.add_scene(f"/data/new/{number}.mp4", 1_000)
        for number in range(BATCH + 20)
    ]
    note(worker, scenes)

    worker.work(1.0)
    worker.work_for(1200.0, step=300.0)

    assert asked(worker) == [(worker.section, "/media/new")]


def test_a_scene_after_the_scan_gets_a_scan_of_its_own(
    worker: InProcessHarness,
) -> None:
    worker.work(0.0)
    note(worker, [worker.stash.library.add_scene("/data/new/a.mp4", 1_000)])
    worker.work(1.0)

    worker.clock.advance(30.0)
    note(worker, [worker.stash.library.add_scene("/data/new/b.mp4", 1_000)])
    worker.work(1.0)
    soon = asked(worker)
    worker.work_for(600.0, step=10.0)

    assert soon == [(worker.section, "/media/new")]
    assert asked(worker) == [(worker.section, "/media/new")] * 2


def test_of_very_many_folders_the_one_that_holds_them_is_scanned(worker: InProcessHarness) -> None:
    folders = [f"/data/new/{number}" for number in range(200)]
    note(worker, [worker.stash.library.add_scene(f"{folder}/a.mp4", 1_000) for folder in folders])

    worker.work(1.0)
    worker.work_for(600.0, step=120.0)

    assert asked(worker) == [(worker.section, "/media/new")]


def test_a_rejected_scan_costs_no_job_and_is_repeated(
    worker: InProcessHarness,
) -> None:
    refused = worker.plex.faults.add(Fault(route=SCAN, status=403, times=1))
    scenes = create(worker, "new/a.mp4", "other/b.mp4")

    worker.work(SETTLED_SCAN_S)
    reasons = worker.reasons()
    worker.work_until(lambda: not worker.jobs(), limit=1200.0)

    assert (len(scenes), refused.fired) == (2, 1)
    assert reasons == {"PlexNotFound"}
    assert "breaker.transition" not in worker.worker_log()
    assert len(asked(worker)) == 3
    assert summaries(worker) == {"/media/new/a.mp4": "Scene 1.", "/media/other/b.mp4": "Scene 2."}


def test_a_scan_waits_for_the_end_of_an_outage(worker: InProcessHarness) -> None:
    create(worker, "new/a.mp4")
    worker.plex.maintenance(200.0)

    worker.work(SETTLED_SCAN_S)
    worker.work_until(lambda: "new=open" in worker.worker_log())
    away = asked(worker)
    worker.work_until(lambda: not worker.jobs(), limit=1800.0)

    assert away == []
    assert asked(worker) == [(worker.section, "/media/new")]
    assert summaries(worker) == {"/media/new/a.mp4": "Scene 1."}


def test_without_a_path_mapping_stashs_folder_is_scanned(worker: InProcessHarness) -> None:
    other = worker.plex.library.add_section("Same", ["/data/shared"]).key
    worker.configure(b_path_map="")
    worker.plex.library.add_file_on_disk("/data/shared/new/a.mp4", 1_000)

    create(worker, "shared/new/a.mp4", on_disk=False)
    worker.work(SETTLED_SCAN_S)
    worker.work_until(lambda: not worker.jobs())

    assert asked(worker) == [(other, "/data/shared/new")]
    assert summaries(worker) == {"/data/shared/new/a.mp4": "Scene 1."}


def test_without_a_path_mapping_a_learned_one_is_used(worker: InProcessHarness) -> None:
    known = [f"{folder}/{folder}{number}.mp4" for folder in "abc" for number in range(7)]
    scenes = [worker.scene(name, 1_000 + number) for number, name in enumerate(known)]
    worker.configure(b_path_map="")
    worker.edit(scenes[0], title="Teaches")
    worker.work()

    create(worker, "d/new.mp4")
    worker.work(SETTLED_SCAN_S)
    worker.work_until(lambda: not worker.jobs())

    assert asked(worker) == [(worker.section, "/media/d")]
    assert summaries(worker)["/media/d/new.mp4"] == f"Scene {len(scenes) + 1}."


def test_a_library_that_is_not_configured_is_not_scanned(worker: InProcessHarness) -> None:
    worker.plex.library.add_section("Other", ["/media"])
    worker.configure(a_plex_libraries="Scenes")

    create(worker, "new/a.mp4")
    worker.work(SETTLED_SCAN_S)

    assert asked(worker) == [(worker.section, "/media/new")]


def test_a_scene_that_is_left_alone_triggers_nothing(worker: InProcessHarness) -> None:
    worker.configure(b_only_organized=True)

    create(worker, "new/a.mp4")
    worker.work(SETTLED_SCAN_S)

    assert (asked(worker), worker.jobs()) == ([], [])


def test_skipped_scenes_of_a_subset_library_are_scanned_for(
    worker: InProcessHarness,
) -> None:
    worker.configure(
        b_skip_not_found=True, b_path_map="/data/shown => /media; /data/hidden => /hidden"
    )
    worker.plex.library.add_file_on_disk("/media/new/a.mp4", 1_000)

    shown, _ = create(worker, "shown/new/a.mp4", "hidden/b.mp4", on_disk=False)
    worker.work(SETTLED_SCAN_S)
    jobs = worker.jobs()
    worker.edit(shown, title="Edited")
    worker.work()

    assert (jobs, asked(worker)) == ([], [(worker.section, "/media/new")])
    assert worker.item("new/a.mp4").title == "Edited"
    assert "plex.scan_unmapped" not in worker.worker_log()
