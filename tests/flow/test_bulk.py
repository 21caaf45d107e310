"""A bulk edit: one hook process per scene, one after another, and all of it in Plex with few requests."""

from __future__ import annotations

from tests.flow.house import House

SCENES = 100


def test_a_bulk_edit_of_a_hundred_scenes_arrives_whole(house: House) -> None:
    scenes = [house.scene(f"{number:03}.mp4", 1_000 + number) for number in range(SCENES)]
    house.edit(scenes[0], title="Warm")
    house.drained()
    house.plex.reset_counts()

    house.edit_all(
        scenes, studio="Aurora", details="Together.", date="2024-01-02", tags=["one", "two"]
    )
    house.drained(120.0)

    shown = {
        (item.studio, item.summary, item.date, *sorted(item.genres))
        for item in house.plex.library.items()
    }
    assert shown == {("Aurora", "Together.", "2024-01-02", "one", "two")}
    assert all(item.collections == ["Aurora"] for item in house.plex.library.items())
    assert len(house.plex.writes()) <= SCENES
    assert (house.jobs(), house.dead_letters()) == ([], [])
    assert len(house.rows("SELECT 1 FROM records")) == SCENES
