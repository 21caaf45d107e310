"""Names that SMB clients show differently, over the whole path."""

from __future__ import annotations

import pytest

from tests.harness.in_process import InProcessHarness

HOURS_S = 4 * 3600.0


@pytest.mark.parametrize("mangled", ["Part\uf022 1\uf025.mp4", "Part\uf03a 1\uf03f.mp4"])
def test_a_name_that_smb_mangles_is_written(worker: InProcessHarness, mangled: str) -> None:
    scene = worker.scene("trip/Part: 1?.mp4", in_plex=False)
    worker.add_item(f"/media/trip/{mangled}", 1_000)

    worker.edit(scene, title="First part")
    worker.work()

    assert worker.item(f"trip/{mangled}").title == "First part"


def test_a_dead_letter_names_the_file_that_was_renamed(worker: InProcessHarness) -> None:
    scene = worker.scene("trip/Part 1.mp4", in_plex=False)
    worker.add_item("/media/trip/PART_1~1.MP4", 1_000)
    key = worker.item("trip/PART_1~1.MP4").rating_key

    worker.edit(scene, title="First part")
    worker.work_until(worker.dead_letters, limit=HOURS_S, step=60.0)

    message = worker.dead_letter(scene).message
    assert f"/media/trip/PART_1~1.MP4 (item {key})" in message
    assert f"'scene {scene} => item {key}'" in message
    assert "Let Plex scan" not in message


def test_a_dead_letter_names_no_file_of_another_folder(worker: InProcessHarness) -> None:
    scene = worker.scene("trip/Part 1.mp4", in_plex=False)
    worker.add_item("/media/other/PART_1~1.MP4", 1_000)

    worker.edit(scene, title="First part")
    worker.work_until(worker.dead_letters, limit=HOURS_S, step=60.0)

    assert "Let Plex scan its folder" in worker.dead_letter(scene).message
