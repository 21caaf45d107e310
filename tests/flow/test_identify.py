"""Test identification and bulk edits: each shape of their hooks is accepted."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from sync_queue.statements import QUEUE
from tests.harness.images import picture
from tests.harness.in_process import InProcessHarness
from tests.harness.waiting import LIMIT_S

SCENES_UPDATE = "mutation($input: [SceneUpdateInput!]!) { scenesUpdate(input: $input) { id } }"


def noted(worker: InProcessHarness) -> list[tuple[str, str, int]]:
    """(subject, cause, priority) of what waits."""
    return worker.rows(
        f"SELECT subject, cause, priority FROM {QUEUE} WHERE status < 2 ORDER BY subject"
    )


def identify(worker: InProcessHarness, scene: int, **found: object) -> None:
    """Stash's task Identify finds these values."""
    job = worker.stash.wait_job(worker.stash.identify(scene, **found), 10 * LIMIT_S)
    assert job.status == "FINISHED"


def everything(worker: InProcessHarness, scene: int) -> None:
    library = worker.stash.library
    identify(
        worker,
        scene,
        title="Found",
        details="By a stash-box.",
        date="2024-01-02",
        studio_id=str(library.studio_id("Aurora")),
        performer_ids=[str(library.performer_id("Ada"))],
        stash_ids=[{"endpoint": "https://box.example/graphql", "stash_id": "1-2-3"}],
    )


@pytest.mark.parametrize(
    "change",
    [
        everything,
        lambda worker, scene: identify(worker, scene, title="Found"),
        lambda worker, scene: identify(
            worker, scene, cover_image=base64.b64encode(picture(3)).decode()
        ),
        lambda worker, scene: identify(
            worker, scene, stash_ids=[{"endpoint": "https://box.example", "stash_id": "1"}]
        ),
        lambda worker, scene: identify(worker, scene, organized=True),
        lambda worker, scene: identify(worker, scene),
        lambda worker, scene: worker.stash.bulk_update([scene], rating100=80),
        lambda worker, scene: worker.stash.bulk_update([scene], organized=True),
        lambda worker, scene: worker.stash.bulk_update([scene], studio_id=None),
    ],
)
def test_identify_and_bulk_edits_count_as_user_edits(
    worker: InProcessHarness, change: Callable[[InProcessHarness, int], None]
) -> None:
    scene = worker.scene()

    change(worker, scene)

    assert noted(worker) == [(f"scene:{scene}", "update", 0)]


def test_what_identify_has_found_reaches_plex(worker: InProcessHarness) -> None:
    scene = worker.scene()

    everything(worker, scene)
    worker.work()

    item = worker.item()
    assert (item.title, item.summary, item.date, item.studio) == (
        "Found",
        "By a stash-box.",
        "2024-01-02",
        "Aurora",
    )
    assert item.roles == ["Ada"]


def test_a_cover_that_identify_alone_has_set_becomes_the_poster(worker: InProcessHarness) -> None:
    scene = worker.scene()

    identify(worker, scene, cover_image=base64.b64encode(picture(3)).decode())
    worker.work()

    assert worker.item().poster_bytes == picture(3)


def test_a_tag_added_in_bulk_is_merged_into_every_scene(
    worker: InProcessHarness,
) -> None:
    scenes = [
        worker.scene(f"{number}.mp4", 1_000 + number, tags=[f"own {number}"]) for number in range(3)
    ]
    warm = str(worker.stash.library.tag_id("warm"))

    worker.stash.bulk_update(scenes, tag_ids={"mode": "ADD", "ids": [warm]})
    waiting = noted(worker)
    worker.work()

    assert waiting == [(f"scene:{scene}", "update", 0) for scene in scenes]
    assert [sorted(worker.item(f"{number}.mp4").genres) for number in range(3)] == [
        [f"own {number}", "warm"] for number in range(3)
    ]


def test_an_edit_with_values_per_scene_reaches_each_scene(worker: InProcessHarness) -> None:
    scenes = [worker.scene(f"{number}.mp4", 1_000 + number) for number in range(3)]
    values = [{"id": str(scene), "title": f"Title {scene}"} for scene in scenes]

    worker.stash.graphql(SCENES_UPDATE, {"input": values})
    waiting = noted(worker)
    worker.work()

    assert waiting == [(f"scene:{scene}", "update", 0) for scene in scenes]
    assert [worker.item(f"{number}.mp4").title for number in range(3)] == [
        f"Title {scene}" for scene in scenes
    ]


def test_only_a_played_scene_is_left_out_of_a_bulk_edit(
    worker: InProcessHarness,
) -> None:
    watched, edited = worker.scene("0.mp4"), worker.scene("1.mp4", 1_001)
    values = [{"id": str(watched), "resume_time": 12.0}, {"id": str(edited), "title": "Edited"}]

    worker.stash.graphql(SCENES_UPDATE, {"input": values})

    assert noted(worker) == [(f"scene:{edited}", "update", 0)]
