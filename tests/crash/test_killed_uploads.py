"""Kill the worker in the middle of an upload: no bytes are uploaded twice to an item."""

from __future__ import annotations

import pytest

from tests.emulators.plex_server import Fault
from tests.harness.crash import CrashHarness, wait_idle
from tests.harness.images import picture
from tests.harness.waiting import wait_for


@pytest.mark.parametrize("dedupe", [True, False], ids=["one entry", "one per upload"])
def test_an_upload_that_was_taken_before_a_kill_is_not_repeated(
    crash: CrashHarness, dedupe: bool
) -> None:
    crash.plex.switches.upload_dedupe = dedupe
    scene = crash.scene("a.mp4", cover=picture(1))
    wait_idle(crash)
    fault = crash.plex.faults.add(Fault("apply_then_stall", method="POST"))

    crash.edit(scene, title="New")
    wait_for(fault.struck.is_set, "Plex has taken the upload")
    crash.kill_workers()
    crash.plex.faults.clear()
    crash.wake()
    crash.wait_until_consistent()

    item = crash.item("a.mp4")
    assert crash.plex.count("POST") == 1
    assert item.poster_bytes == picture(1)
    assert [image.data for image in item.posters].count(picture(1)) == 1
