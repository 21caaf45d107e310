"""A setting that is changed later takes effect for scenes that were synced long ago."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulators.stash_images import png
from tests.harness.in_process import FULL, InProcessHarness, among_bystanders


@pytest.fixture(params=[False, True], ids=["tags are added", "tags are replaced"])
def worker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[InProcessHarness]:
    with among_bystanders(tmp_path, request.param) as made:
        yield made


def genres(worker: InProcessHarness, item: int) -> set[str]:
    return set(worker.shown(item).genres)


def test_a_toggled_field_takes_effect_at_the_next_sync(worker: InProcessHarness) -> None:
    scene, item = worker.pair("a.mp4", **FULL)
    worker.sync(scene)
    worker.configure(c_sync_tags=False, c_sync_studio=False)
    worker.change(scene, tags=["later"], studio="Later", title="Later")
    with worker.writes_only(item):
        worker.sync_all()
    off = (genres(worker, item), worker.shown(item).studio, worker.shown(item).title)

    worker.configure(c_sync_tags=True, c_sync_studio=True)
    with worker.writes_only(item):
        worker.sync_all()

    assert off == ({"train", "night"}, "Aurora", "Later")
    assert (genres(worker, item), worker.shown(item).studio) == ({"later"}, "Later")


@pytest.mark.parametrize("preserve", [False, True])
def test_a_limit_changed_later_takes_effect_at_the_next_sync(
    worker: InProcessHarness, preserve: bool
) -> None:
    worker.configure(c_preserve_plex_edits=preserve)
    scene, item = worker.pair("a.mp4", tags=[f"tag {number}" for number in range(6)])
    worker.sync(scene)
    worker.configure(c_max_tags=2)

    with worker.writes_only(item):
        worker.sync_all()
    few = genres(worker, item)
    worker.configure(c_max_tags=4)
    with worker.writes_only(item):
        worker.sync_all()

    assert few == {"tag 0", "tag 1"}
    assert genres(worker, item) == {"tag 0", "tag 1", "tag 2", "tag 3"}


def test_a_source_switched_off_leaves_the_field_alone(worker: InProcessHarness) -> None:
    scene, item = worker.pair("a.mp4", **FULL)
    worker.sync(scene)
    worker.configure(c_tagline_source="none")
    worker.change(scene, director="Another director")

    with worker.writes_only():
        worker.sync_all()

    assert worker.shown(item).tagline == "Ada"


def test_with_the_master_switch_off_nothing_is_written(worker: InProcessHarness) -> None:
    worker.configure(c_sync_metadata=False)
    scene, item = worker.pair("a.mp4", cover=png(1), **FULL)

    with worker.writes_only():
        asked = worker.requests_of(lambda: worker.sync(scene))
    worker.configure(c_sync_metadata=True)
    recorded = worker.records(scene)
    with worker.writes_only(item):
        worker.sync_all()

    assert asked == []
    assert recorded == {}
    assert worker.shown(item).title == "Night Train"


def test_a_disabled_plugin_keeps_changes_and_writes_nothing(worker: InProcessHarness) -> None:
    worker.sync(worker.pair("first.mp4")[0])
    worker.configure(a_enabled=False)
    scene, item = worker.pair("a.mp4", **FULL)

    with worker.writes_only():
        worker.clock.advance(5.0)
        worker.enqueue(scene)
        for _ in range(4):
            worker.clock.advance(30.0)
            worker.tick()
    worker.configure(a_enabled=True)
    with worker.writes_only(item):
        worker.run_for(60.0)

    assert worker.shown(item).title == "Night Train"


def test_a_shorter_interval_counts_without_any_edit(worker: InProcessHarness) -> None:
    worker.configure(d_reconcile_interval="never")
    scene, item = worker.pair("a.mp4", **FULL)
    worker.sync(scene)
    worker.run_for(7200.0, every_s=600.0)
    worker.stash.library.change_scene(scene, touch=False, title="Silent")

    worker.configure(d_reconcile_interval="hourly")
    with worker.writes_only(item):
        worker.run_for(3600.0, every_s=300.0)

    assert worker.shown(item).title == "Silent"
