"""A scene is written to the Plex items that play its file, or to none; what is not there yet is
waited for.
"""

from __future__ import annotations

from tests.harness.in_process import InProcessHarness
from tests.harness.processes import ProcessHarness
from tests.harness.waiting import wait_for

OTHER_SIZE = 2_000


def ambiguous_pair(worker: InProcessHarness, *sizes: int) -> int:
    """A scene of 1,000 bytes whose folder fits neither of two Plex files of its name; the scene's
    id.
    """
    for year, size in zip((2019, 2024), sizes, strict=True):
        worker.plex.library.add_item(worker.section, [(f"/media/{year}/holiday.mp4", size)])
    return worker.stash.library.add_scene("/data/inbox/holiday.mp4", 1_000)


def titles(worker: InProcessHarness) -> list[str]:
    """The titles in Plex, by item."""
    return [item.title for item in worker.plex.library.items()]


def test_an_ambiguous_scene_is_dead_lettered_with_candidates(
    installed: ProcessHarness,
) -> None:
    for year in (2019, 2024):
        installed.plex.library.add_item(installed.section, [(f"/media/{year}/holiday.mp4", 1_000)])
    scene = installed.stash.library.add_scene("/data/inbox/holiday.mp4", 1_000)

    installed.edit(scene, title="Which holiday?")
    wait_for(installed.dead_letters, "the dead letter")
    installed.stash.log_store.wait_for("AmbiguousMatch", 60.0)

    (dead_letter,) = installed.dead_letters()
    assert (dead_letter.subject, dead_letter.reason, dead_letter.title) == (
        f"scene:{scene}",
        "AmbiguousMatch",
        "Which holiday?",
    )
    candidates = "\n".join(dead_letter.candidates)
    assert "/media/2019/holiday.mp4" in candidates
    assert "/media/2024/holiday.mp4" in candidates
    assert installed.plex.writes() == []


def test_weak_evidence_is_refused_when_matching_is_strict(worker: InProcessHarness) -> None:
    worker.plex.library.add_item(worker.section, [("/media/elsewhere/a.mp4", 0)])
    scene = worker.stash.library.add_scene("/data/inbox/a.mp4", 1_000)

    worker.edit(scene, title="Guess")
    worker.work()

    assert [dead_letter.reason for dead_letter in worker.dead_letters()] == ["WeakMatch"]
    assert worker.plex.writes() == []


def test_the_best_guess_is_written_when_matching_is_not_strict(worker: InProcessHarness) -> None:
    worker.configure(b_strict_matching=False)
    worker.plex.library.add_item(worker.section, [("/media/elsewhere/a.mp4", 0)])
    scene = worker.stash.library.add_scene("/data/inbox/a.mp4", 1_000)

    worker.edit(scene, title="Guess")
    worker.work()

    assert titles(worker) == ["Guess"]
    assert "confidence=low" in worker.worker_log().lower()
    assert worker.dead_letters() == []


def test_one_of_several_like_files_is_written_if_not_strict(worker: InProcessHarness) -> None:
    worker.configure(b_strict_matching=False)
    scene = ambiguous_pair(worker, 1_000, 1_000)

    worker.edit(scene, title="Guess")
    worker.work()

    assert sorted(titles(worker)) == ["Guess", "holiday"]


def test_a_size_that_contradicts_is_never_written_to(worker: InProcessHarness) -> None:
    worker.configure(b_strict_matching=False)
    scene = ambiguous_pair(worker, OTHER_SIZE, OTHER_SIZE + 1)

    worker.edit(scene, title="Guess")
    worker.work()

    assert titles(worker) == ["holiday", "holiday"]
    assert worker.plex.writes() == []


def test_the_size_separates_files_of_one_name(worker: InProcessHarness) -> None:
    scene = ambiguous_pair(worker, OTHER_SIZE, 1_000)

    worker.edit(scene, title="Certain")
    worker.work()

    assert titles(worker) == ["holiday", "Certain"]


def test_a_file_that_plex_lacks_does_not_delay_a_present_one(installed: ProcessHarness) -> None:
    missing, present = installed.scene("late.mp4", in_plex=False), installed.scene("here.mp4")

    installed.edit(missing, title="Late")
    installed.edit(present, title="Here")
    wait_for(lambda: installed.item("here.mp4").title == "Here", "the present one")
    left = [(f"scene:{missing}", 1, "PlexNotFound")]
    wait_for(lambda: installed.jobs() == left, "only the missing one waits")

    assert installed.dead_letters() == []


def test_a_file_that_plex_scans_later_arrives_within_a_minute(worker: InProcessHarness) -> None:
    scene = worker.scene("late.mp4", in_plex=False)
    worker.edit(scene, title="Late")
    worker.work_for(3600.0, step=30.0)
    waiting = worker.jobs()

    worker.plex.library.add_file_on_disk("/media/late.mp4", 1_000)
    worker.plex.library.scan(worker.section)
    worker.work_until(lambda: not worker.jobs(), limit=60.0)

    assert [reason for _, _, reason in waiting] == ["PlexNotFound"]
    assert worker.item("late.mp4").title == "Late"


def test_a_missing_file_is_dead_lettered_until_it_appears(
    worker: InProcessHarness,
) -> None:
    scene = worker.scene("late.mp4", in_plex=False)
    worker.edit(scene, title="Late")
    worker.work_until(worker.dead_letters, limit=4 * 3600.0, step=60.0)
    (dead_letter,) = worker.dead_letters()

    worker.plex.library.add_file_on_disk("/media/late.mp4", 1_000)
    worker.plex.library.scan(worker.section)
    worker.work_until(lambda: not worker.dead_letters() and not worker.jobs(), limit=300.0)

    assert dead_letter.reason == "PlexNotFound"
    assert "/media/late.mp4" in dead_letter.message
    assert worker.item("late.mp4").title == "Late"


def test_a_file_in_two_libraries_is_written_in_both(worker: InProcessHarness) -> None:
    scene = worker.scene("a.mp4")
    second = worker.plex.library.add_section("Favourites", ["/media"]).key
    worker.plex.library.add_item(second, [("/media/a.mp4", 1_000)])

    worker.edit(scene, title="Twice", tags=["one"], studio="Aurora")
    worker.work()

    items = worker.plex.library.items()
    assert [(item.title, item.genres, item.collections) for item in items] == [
        ("Twice", ["one"], ["Aurora"])
    ] * 2
    assert worker.recorded_items(scene) == sorted(item.rating_key for item in items)


def test_every_version_of_a_scene_is_written(worker: InProcessHarness) -> None:
    files = [("/data/a.mp4", 1_000), ("/data/a-4k.mp4", 4_000)]
    for path, size in files:
        worker.plex.library.add_item(worker.section, [(path.replace("/data", "/media"), size)])
    scene = worker.stash.library.add_scene(
        files=[{"path": path, "size": size} for path, size in files]
    )

    worker.edit(scene, title="Both")
    worker.work()

    assert titles(worker) == ["Both", "Both"]


def test_of_two_scenes_on_one_item_the_first_writes(
    worker: InProcessHarness,
) -> None:
    first = worker.stash.library.add_scene("/data/a.mp4", 1_000)
    second = worker.stash.library.add_scene("/data/b.mp4", 2_000)
    worker.plex.library.add_item(
        worker.section, parts=[[("/media/a.mp4", 1_000)], [("/media/b.mp4", 2_000)]]
    )

    worker.edit(second, title="Second")
    worker.edit(first, title="First")
    worker.work()
    worker.edit(second, title="Second again")
    worker.work()
    worker.work()

    assert titles(worker) == ["First"]
    assert (len(worker.recorded_items(first)), worker.recorded_items(second)) == (1, [])
    assert f"Scene {second} was not written" in " ".join(
        worker.stash_log("was not written", "Warning")
    )
    assert worker.jobs() == []


def test_a_destroyed_scene_takes_its_record_along(worker: InProcessHarness) -> None:
    scene = worker.scene()
    worker.edit(scene, title="Here to stay")
    worker.work()
    known, writes = worker.recorded_items(scene), len(worker.plex.writes())

    worker.stash.destroy_scene(scene)
    worker.work()

    assert known == [worker.item().rating_key]
    assert worker.recorded_items(scene) == []
    assert (worker.jobs(), worker.dead_letters()) == ([], [])
    assert (worker.item().title, len(worker.plex.writes())) == ("Here to stay", writes)


def test_destroying_a_scene_removes_its_dead_letter(worker: InProcessHarness) -> None:
    scene = ambiguous_pair(worker, 1_000, 1_000)
    worker.edit(scene, title="Which?")
    worker.work()
    dead_letters = len(worker.dead_letters())

    worker.stash.destroy_scene(scene)
    worker.work()

    assert dead_letters == 1
    assert worker.dead_letters() == []


def test_a_scene_without_a_file_completes_until_its_next_event(worker: InProcessHarness) -> None:
    scene = worker.stash.library.add_scene(None)
    worker.edit(scene, title="No file")
    worker.work()
    after = (worker.jobs(), worker.dead_letters())

    file = worker.stash.library.add_scene("/data/a.mp4", 1_000)
    worker.plex.library.add_item(worker.section, [("/media/a.mp4", 1_000)])
    worker.stash.merge_scenes([file], scene)
    worker.edit(scene, title="With file")
    worker.work()

    assert after == ([], [])
    assert worker.item().title == "With file"


def test_a_replaced_item_is_rematched_in_the_same_attempt(worker: InProcessHarness) -> None:
    scene = worker.scene("old.mp4")
    worker.edit(scene, title="Before")
    worker.work()

    worker.plex.library.move_out(worker.item("old.mp4").rating_key, "/media/old.mp4")
    worker.edit(scene, title="After", tags=["one"])
    worker.work()

    item = worker.item("old.mp4")
    assert (item.title, item.genres) == ("After", ["one"])
    assert worker.recorded_items(scene) == [item.rating_key]
    assert worker.jobs() == []


def test_only_the_named_libraries_are_written_to(worker: InProcessHarness) -> None:
    worker.configure(a_plex_libraries=" favourites , Third")
    scene = worker.scene("a.mp4")
    for title in ("Favourites", "Third"):
        section = worker.plex.library.add_section(title, ["/media"]).key
        worker.plex.library.add_item(section, [("/media/a.mp4", 1_000)])

    worker.edit(scene, title="Chosen")
    worker.work()

    assert titles(worker) == ["a", "Chosen", "Chosen"]


def test_an_unknown_library_name_pauses_everything(worker: InProcessHarness) -> None:
    worker.configure(a_plex_libraries="Scens")
    scene = worker.scene()

    worker.edit(scene, title="Patient")
    worker.work_for(60.0)
    waiting = worker.jobs()
    worker.configure(a_plex_libraries="Scenes")
    worker.work_until(lambda: not worker.jobs(), limit=120.0)

    assert [attempts for _, attempts, _ in waiting] == [0]
    assert worker.stash_log("no movie library named Scens (it has: Scenes)")
    assert worker.item().title == "Patient"


def test_without_a_path_mapping_suffix_name_and_size_match(worker: InProcessHarness) -> None:
    worker.configure(b_path_map="")
    scene = worker.scene("studio/year/a.mp4")

    worker.edit(scene, title="Found")
    worker.work()

    assert worker.item("studio/year/a.mp4").title == "Found"
