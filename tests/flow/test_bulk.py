"""A bulk edit: one hook process per scene, one after another, and all of it in Plex with few
requests.
"""

from __future__ import annotations

from tests.harness.processes import ProcessHarness

SCENES = 100


def test_a_bulk_edit_of_a_hundred_scenes_arrives_whole(installed: ProcessHarness) -> None:
    scenes = [installed.scene(f"{number:03}.mp4", 1_000 + number) for number in range(SCENES)]
    installed.edit(scenes[0], title="Warm")
    installed.wait_until_drained()
    installed.plex.reset_counts()

    installed.edit_all(
        scenes, studio="Aurora", details="Together.", date="2024-01-02", tags=["one", "two"]
    )
    installed.wait_until_drained(120.0)

    shown = {
        (item.studio, item.summary, item.date, *sorted(item.genres))
        for item in installed.plex.library.items()
    }
    assert shown == {("Aurora", "Together.", "2024-01-02", "one", "two")}
    assert all(item.collections == ["Aurora"] for item in installed.plex.library.items())
    assert len(installed.plex.writes()) <= SCENES
    assert (installed.jobs(), installed.dead_letters()) == ([], [])
    assert len(installed.rows("SELECT 1 FROM records")) == SCENES
