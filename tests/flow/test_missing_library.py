"""Names of libraries as users write them, and one of several libraries that is missing."""

from __future__ import annotations

import json

import pytest

from tests.flow.test_reconcile import reconcile
from tests.harness.in_process import InProcessHarness
from tests.harness.processes import ProcessHarness
from tests.harness.waiting import wait_for

BOTH = "Scenes, Films"


def films(worker: InProcessHarness, title: str = "Films") -> int:
    """Add a second library and return its key."""
    return worker.plex.library.add_section(title, ["/films"]).key


def rename(worker: InProcessHarness, section: int, title: str) -> None:
    worker.plex.library.sections[section].title = title


def film(worker: InProcessHarness, section: int, name: str = "b.mp4", size: int = 2_000) -> int:
    """Add a scene whose file is in the second library only; return its id."""
    worker.add_item(f"/films/{name}", size, section)
    return worker.stash.library.add_scene(f"/data/films/{name}", size)


def title_of(worker: InProcessHarness, path: str) -> str:
    return next(item.title for item in worker.plex.library.items() if path in item.files)


def breaker(worker: InProcessHarness) -> str:
    path = worker.data / "circuit_breaker.json"
    return json.loads(path.read_text("utf-8"))["state"] if path.exists() else "closed"


@pytest.mark.parametrize(
    ("title", "setting"),
    [
        (" Films ", "Films"),
        ("Films", "  films ,"),
        ("Films, Shorts", '"films, shorts"'),
        ('12" Films', '"12\\" Films"'),
        ('12" Films', '12" Films'),
    ],
)
def test_a_library_is_found_however_its_name_is_written(
    worker: InProcessHarness, title: str, setting: str
) -> None:
    section = films(worker, title)
    worker.configure(a_plex_libraries=setting, b_path_map="/data/films => /films")
    scene = film(worker, section)

    worker.edit(scene, title="Found")
    worker.work()

    assert title_of(worker, "/films/b.mp4") == "Found"


def test_a_missing_library_stops_nothing_but_itself(worker: InProcessHarness) -> None:
    section = films(worker)
    path_map = "/data => /media; /data/films => /films"
    worker.configure(a_plex_libraries=BOTH, b_path_map=path_map)
    here, there = worker.scene("a.mp4"), film(worker, section)
    for scene in (here, there):
        worker.edit(scene, title="Old")
    worker.work()

    rename(worker, section, "Movies")
    worker.end_worker()
    worker.begin_worker()
    for scene in (here, there):
        worker.edit(scene, title="New")
    worker.work_for(3 * 3600.0, step=120.0)
    before = (worker.item().title, title_of(worker, "/films/b.mp4"))
    waiting = worker.jobs()
    rename(worker, section, "Films")
    worker.work_until(lambda: not worker.jobs(), limit=120.0)

    assert before == ("New", "Old")
    assert waiting == [(f"scene:{there}", 0, "LibraryMissing")]
    assert title_of(worker, "/films/b.mp4") == "New"
    assert (worker.dead_letters(), breaker(worker)) == ([], "closed")
    assert worker.stash_log("Plex has no movie library named Films (it has: Scenes, Movies)")


def test_processes_write_beside_a_missing_library(installed: ProcessHarness) -> None:
    installed.configure(a_plex_libraries='" Scenes", "Films, Shorts"')
    here = installed.scene("a.mp4")
    missing = installed.scene("b.mp4", in_plex=False)

    for scene in (missing, here):
        installed.edit(scene, title="Written")
    wait_for(lambda: installed.item("a.mp4").title == "Written", "the other library is written")
    wait_for(lambda: installed.waiting() == {"LibraryMissing": 1}, "the other scene waits")

    assert installed.dead_letters() == []


def test_a_corrected_setting_ends_the_wait(worker: InProcessHarness) -> None:
    section = films(worker, "Movies")
    worker.configure(a_plex_libraries=BOTH, b_path_map="/data/films => /films")
    scene = film(worker, section)

    worker.edit(scene, title="Patient")
    worker.work()
    waiting = worker.waiting()
    worker.configure(a_plex_libraries="Scenes, Movies")
    worker.work_until(lambda: not worker.jobs(), limit=120.0)

    assert waiting == {"LibraryMissing": 1}
    assert title_of(worker, "/films/b.mp4") == "Patient"


def test_a_scene_in_both_libraries_is_written_where_it_can_be(worker: InProcessHarness) -> None:
    """Its other item is neither forgotten nor given up."""
    section = films(worker)
    worker.configure(a_plex_libraries=BOTH)
    scene = worker.scene("a.mp4")
    other = worker.add_item("/media/a.mp4", 1_000, section)
    worker.edit(scene, title="Old")
    worker.work()
    rename(worker, section, "Movies")
    worker.end_worker()
    worker.begin_worker()

    worker.edit(scene, title="New")
    worker.work()
    titles = {item.rating_key: item.title for item in worker.plex.library.items()}
    recorded = worker.recorded_items(scene)
    rename(worker, section, "Films")
    worker.work_until(lambda: not worker.jobs(), limit=120.0)

    assert (titles.pop(other), set(titles.values())) == ("Old", {"New"})
    assert other in recorded
    assert {item.title for item in worker.plex.library.items()} == {"New"}


def test_without_a_library_weaker_evidence_than_the_path_waits(worker: InProcessHarness) -> None:
    """The missing library may have a file of the same name and size."""
    worker.configure(a_plex_libraries=BOTH, b_path_map="", b_strict_matching=False)
    scene = worker.stash.library.add_scene("/data/other/a.mp4", 1_000)
    worker.add_item("/media/deep/a.mp4", 1_000)

    worker.edit(scene, title="Guessed")
    worker.work()

    assert worker.waiting() == {"LibraryMissing": 1}
    assert worker.plex.writes() == []


def test_a_scene_that_plex_lacks_is_not_skipped_meanwhile(worker: InProcessHarness) -> None:
    worker.configure(a_plex_libraries=BOTH, b_skip_not_found=True)
    scene = worker.scene("a.mp4", in_plex=False)

    worker.edit(scene, title="Perhaps there")
    worker.work()

    assert worker.waiting() == {"LibraryMissing": 1}


def test_reconciliation_reports_nothing_of_a_missing_library(worker: InProcessHarness) -> None:
    section = films(worker)
    worker.configure(a_plex_libraries=BOTH, b_path_map="/data => /media; /data/films => /films")
    scenes = [worker.scene("a.mp4"), film(worker, section)]
    both = worker.add_item("/media/a.mp4", 1_000, section)
    for scene in scenes:
        worker.edit(scene, title="Same")
    worker.work()
    rename(worker, section, "Movies")
    worker.end_worker()
    worker.begin_worker()

    run = reconcile(worker)

    assert (run["gaps"], run["enqueued"]) == ({}, {})
    assert both in worker.recorded_items(scenes[0])
