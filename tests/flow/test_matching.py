"""A scene is written to the Plex items that play its file, or to none; what is not there yet is waited for."""

from __future__ import annotations

from tests.flow.house import House, Workroom, wait_for

OTHER_SIZE = 2_000


def twins(room: Workroom, *sizes: int) -> int:
    """A scene of 1,000 bytes whose folder fits neither of two Plex files of its name; the scene's id."""
    for year, size in zip((2019, 2024), sizes, strict=True):
        room.plex.library.add_item(room.section, [(f"/media/{year}/holiday.mp4", size)])
    return room.stash.library.add_scene("/data/inbox/holiday.mp4", 1_000)


def titles(room: Workroom) -> list[str]:
    """The titles in Plex, by item."""
    return [item.title for item in room.plex.library.items()]


def test_an_ambiguous_scene_is_dead_lettered_with_candidates(
    house: House,
) -> None:
    for year in (2019, 2024):
        house.plex.library.add_item(house.section, [(f"/media/{year}/holiday.mp4", 1_000)])
    scene = house.stash.library.add_scene("/data/inbox/holiday.mp4", 1_000)

    house.edit(scene, title="Which holiday?")
    wait_for(house.dead_letters, "the dead letter")
    house.stash.log_book.wait_for("AmbiguousMatch", 60.0)

    (dead_letter,) = house.dead_letters()
    assert (dead_letter["subject"], dead_letter["reason"], dead_letter["title"]) == (
        f"scene:{scene}",
        "AmbiguousMatch",
        "Which holiday?",
    )
    assert "/media/2019/holiday.mp4" in dead_letter["candidates"]
    assert "/media/2024/holiday.mp4" in dead_letter["candidates"]
    assert house.plex.writes() == []


def test_weak_evidence_is_not_enough_when_matching_is_strict(room: Workroom) -> None:
    room.plex.library.add_item(room.section, [("/media/elsewhere/a.mp4", 0)])
    scene = room.stash.library.add_scene("/data/inbox/a.mp4", 1_000)

    room.edit(scene, title="Guess")
    room.work()

    assert [dead_letter["reason"] for dead_letter in room.dead_letters()] == ["WeakMatch"]
    assert room.plex.writes() == []


def test_the_best_guess_is_written_when_matching_is_not_strict(room: Workroom) -> None:
    room.configure(b_strict_matching=False)
    room.plex.library.add_item(room.section, [("/media/elsewhere/a.mp4", 0)])
    scene = room.stash.library.add_scene("/data/inbox/a.mp4", 1_000)

    room.edit(scene, title="Guess")
    room.work()

    assert titles(room) == ["Guess"]
    assert "confidence=low" in room.worker_log().lower()
    assert room.dead_letters() == []


def test_one_of_several_like_files_is_written_if_not_strict(room: Workroom) -> None:
    room.configure(b_strict_matching=False)
    scene = twins(room, 1_000, 1_000)

    room.edit(scene, title="Guess")
    room.work()

    assert sorted(titles(room)) == ["Guess", "holiday"]


def test_a_size_that_contradicts_is_never_written_to(room: Workroom) -> None:
    room.configure(b_strict_matching=False)
    scene = twins(room, OTHER_SIZE, OTHER_SIZE + 1)

    room.edit(scene, title="Guess")
    room.work()

    assert titles(room) == ["holiday", "holiday"]
    assert room.plex.writes() == []


def test_the_size_tells_files_of_one_name_apart(room: Workroom) -> None:
    scene = twins(room, OTHER_SIZE, 1_000)

    room.edit(scene, title="Certain")
    room.work()

    assert titles(room) == ["holiday", "Certain"]


def test_a_file_that_plex_lacks_does_not_delay_a_present_one(house: House) -> None:
    missing, present = house.scene("late.mp4", in_plex=False), house.scene("here.mp4")

    house.edit(missing, title="Late")
    house.edit(present, title="Here")
    wait_for(lambda: house.item("here.mp4").title == "Here", "the present one")
    wait_for(lambda: house.reasons() == {"PlexNotFound"}, "the missing one waits")

    assert house.jobs() == [(f"scene:{missing}", 1, "PlexNotFound")]
    assert house.dead_letters() == []


def test_a_file_that_plex_scans_later_arrives_within_a_minute(room: Workroom) -> None:
    scene = room.scene("late.mp4", in_plex=False)
    room.edit(scene, title="Late")
    room.work_for(3600.0, step=30.0)
    waiting = room.jobs()

    room.plex.library.add_file_on_disk("/media/late.mp4", 1_000)
    room.plex.library.scan(room.section)
    room.work_until(lambda: not room.jobs(), limit=60.0)

    assert [reason for _, _, reason in waiting] == ["PlexNotFound"]
    assert room.item("late.mp4").title == "Late"


def test_a_missing_file_is_dead_lettered_until_it_appears(
    room: Workroom,
) -> None:
    scene = room.scene("late.mp4", in_plex=False)
    room.edit(scene, title="Late")
    room.work_until(room.dead_letters, limit=4 * 3600.0, step=60.0)
    (dead_letter,) = room.dead_letters()

    room.plex.library.add_file_on_disk("/media/late.mp4", 1_000)
    room.plex.library.scan(room.section)
    room.work_until(lambda: not room.dead_letters() and not room.jobs(), limit=300.0)

    assert dead_letter["reason"] == "PlexNotFound"
    assert "/media/late.mp4" in dead_letter["message"]
    assert room.item("late.mp4").title == "Late"


def test_a_file_in_two_libraries_is_written_in_both(room: Workroom) -> None:
    scene = room.scene("a.mp4")
    second = room.plex.library.add_section("Favourites", ["/media"]).key
    room.plex.library.add_item(second, [("/media/a.mp4", 1_000)])

    room.edit(scene, title="Twice", tags=["one"], studio="Aurora")
    room.work()

    items = room.plex.library.items()
    assert [(item.title, item.genres, item.collections) for item in items] == [
        ("Twice", ["one"], ["Aurora"])
    ] * 2
    assert room.records(scene) == sorted(item.rating_key for item in items)


def test_every_version_of_a_scene_is_written(room: Workroom) -> None:
    files = [("/data/a.mp4", 1_000), ("/data/a-4k.mp4", 4_000)]
    for path, size in files:
        room.plex.library.add_item(room.section, [(path.replace("/data", "/media"), size)])
    scene = room.stash.library.add_scene(
        files=[{"path": path, "size": size} for path, size in files]
    )

    room.edit(scene, title="Both")
    room.work()

    assert titles(room) == ["Both", "Both"]


def test_of_two_scenes_on_one_item_the_first_writes(
    room: Workroom,
) -> None:
    first = room.stash.library.add_scene("/data/a.mp4", 1_000)
    second = room.stash.library.add_scene("/data/b.mp4", 2_000)
    room.plex.library.add_item(
        room.section, parts=[[("/media/a.mp4", 1_000)], [("/media/b.mp4", 2_000)]]
    )

    room.edit(second, title="Second")
    room.edit(first, title="First")
    room.work()
    room.edit(second, title="Second again")
    room.work()
    room.work()

    assert titles(room) == ["First"]
    assert (len(room.records(first)), room.records(second)) == (1, [])
    assert f"Scene {second} was not written" in " ".join(room.said("was not written", "Warning"))
    assert room.jobs() == []


def test_a_destroyed_scene_takes_its_record_along(room: Workroom) -> None:
    scene = room.scene()
    room.edit(scene, title="Here to stay")
    room.work()
    known, writes = room.records(scene), len(room.plex.writes())

    room.stash.destroy_scene(scene)
    room.work()

    assert known == [room.item().rating_key]
    assert room.records(scene) == []
    assert (room.jobs(), room.dead_letters()) == ([], [])
    assert (room.item().title, len(room.plex.writes())) == ("Here to stay", writes)


def test_destroying_a_scene_removes_its_dead_letter(room: Workroom) -> None:
    scene = twins(room, 1_000, 1_000)
    room.edit(scene, title="Which?")
    room.work()
    dead_letters = len(room.dead_letters())

    room.stash.destroy_scene(scene)
    room.work()

    assert dead_letters == 1
    assert room.dead_letters() == []


def test_a_scene_without_a_file_completes_until_its_next_event(room: Workroom) -> None:
    scene = room.stash.library.add_scene(None)
    room.edit(scene, title="No file")
    room.work()
    after = (room.jobs(), room.dead_letters())

    file = room.stash.library.add_scene("/data/a.mp4", 1_000)
    room.plex.library.add_item(room.section, [("/media/a.mp4", 1_000)])
    room.stash.merge_scenes([file], scene)
    room.edit(scene, title="With file")
    room.work()

    assert after == ([], [])
    assert room.item().title == "With file"


def test_a_replaced_item_is_rematched_in_the_same_attempt(room: Workroom) -> None:
    scene = room.scene("old.mp4")
    room.edit(scene, title="Before")
    room.work()

    room.plex.library.move_out(room.item("old.mp4").rating_key, "/media/old.mp4")
    room.edit(scene, title="After", tags=["one"])
    room.work()

    item = room.item("old.mp4")
    assert (item.title, item.genres) == ("After", ["one"])
    assert room.records(scene) == [item.rating_key]
    assert room.jobs() == []


def test_only_the_named_libraries_are_written_to(room: Workroom) -> None:
    room.configure(a_plex_libraries=" favourites , Third")
    scene = room.scene("a.mp4")
    for title in ("Favourites", "Third"):
        section = room.plex.library.add_section(title, ["/media"]).key
        room.plex.library.add_item(section, [("/media/a.mp4", 1_000)])

    room.edit(scene, title="Chosen")
    room.work()

    assert titles(room) == ["a", "Chosen", "Chosen"]


def test_an_unknown_library_name_pauses_everything(room: Workroom) -> None:
    room.configure(a_plex_libraries="Scens")
    scene = room.scene()

    room.edit(scene, title="Patient")
    room.work_for(60.0)
    waiting = room.jobs()
    room.configure(a_plex_libraries="Scenes")
    room.work_until(lambda: not room.jobs(), limit=120.0)

    assert [attempts for _, attempts, _ in waiting] == [0]
    assert "scens" in " ".join(room.said("scens")).lower()
    assert room.item().title == "Patient"


def test_without_a_path_mapping_suffix_name_and_size_match(room: Workroom) -> None:
    room.configure(b_path_map="")
    scene = room.scene("studio/year/a.mp4")

    room.edit(scene, title="Found")
    room.work()

    assert room.item("studio/year/a.mp4").title == "Found"
