"""The tab Tools and log: long work, numbers, the log and the support bundle."""

from __future__ import annotations

from tests.browser.fill import start_worker
from tests.harness.browser import BOTH_WIDTHS, Tab, expect
from tests.harness.processes import ProcessHarness
from tests.harness.servers import TOKEN
from tests.harness.waiting import wait_for


@BOTH_WIDTHS
def test_sync_all_shows_its_progress_and_ends(tab: Tab, site: ProcessHarness) -> None:
    names = [f"scene {number}.mp4" for number in range(5)]
    for name in names:
        site.scene(name, details="Wanted")
    start_worker(site)
    tab.open("/plexsync?tab=tools").settle()

    tab.button("Sync all").click()

    expect(tab.page.get_by_test_id("stash-toast")).to_be_visible()
    wait_for(lambda: all(site.item(name).summary == "Wanted" for name in names), "all is synced")
    expect(tab.part("run")).to_be_hidden()
    expect(tab.button("Sync all")).to_be_enabled()


def test_a_sync_is_cancelled_and_edits_stay(tab: Tab, site: ProcessHarness) -> None:
    ids = [site.scene(f"scene {number}.mp4", details="Wanted") for number in range(4)]
    start_worker(site)
    site.plex.down()
    tab.open("/plexsync?tab=tools").settle()
    tab.button("Sync all").click()
    expect(tab.part("run")).to_contain_text("left")
    wait_for(lambda: len(site.jobs()) == len(ids), "all scenes are queued")
    site.edit(ids[0], details="Edited")

    tab.part("run").get_by_role("button", name="Cancel").click()
    text = tab.confirm("Cancel the run")

    assert text.startswith("3 waiting jobs")
    expect(tab.part("run")).to_be_hidden()
    assert [subject for subject, _, _ in site.jobs()] == [f"scene:{ids[0]}"]
    site.plex.up()


def test_numbers_are_shown_and_reset(tab: Tab, site: ProcessHarness) -> None:
    scene = site.scene(title="Low tide")
    start_worker(site)
    site.edit(scene, details="New")
    site.wait_until_drained()
    tab.open("/plexsync?tab=tools").settle()
    statistics = tab.part("statistics")
    expect(statistics).to_contain_text("1 match")

    statistics.get_by_role("button", name="Reset").click()
    text = tab.confirm("Reset")

    assert text.startswith("The counters of 1 attempt will be deleted")
    expect(statistics).not_to_contain_text("1 match")


def test_the_log_is_filtered_by_level(tab: Tab, site: ProcessHarness) -> None:
    start_worker(site)
    tab.open("/plexsync?tab=tools").settle()
    log = tab.part("log")
    expect(log).to_contain_text("worker.start")

    tab.page.get_by_label("Level").select_option("error")

    expect(log).to_contain_text("No line of this level.")


def test_the_support_bundle_is_shown_and_holds_no_secret(tab: Tab, site: ProcessHarness) -> None:
    site.scene(title="Low tide")
    start_worker(site)
    tab.open("/plexsync?tab=tools").settle()

    tab.button("Show the support bundle").click()

    bundle = tab.page.get_by_role("textbox", name="Support bundle")
    expect(bundle).to_be_visible()
    text = bundle.input_value()
    assert "PlexSync" in text
    assert TOKEN not in text
    assert "Low tide" not in text
    tab.button("Copy").click()
    expect(tab.page.get_by_text("Copied.")).to_be_visible()
    tab.button("Close").click()


def test_plex_values_are_restored_after_the_number_was_shown(
    tab: Tab, site: ProcessHarness
) -> None:
    scene = site.scene(title="Low tide")
    start_worker(site)
    before = site.item().summary
    site.edit(scene, details="New")
    site.wait_until_drained()
    tab.open("/plexsync?tab=tools").settle()
    tab.button("Restore Plex values").click()
    expect(tab.page.get_by_test_id("stash-toast")).to_contain_text("Switch Enabled off")
    site.connect(a_enabled=False)

    tab.button("Restore Plex values").click()
    text = tab.confirm("Restore")

    assert text.startswith("1 item in Plex will get back")
    wait_for(lambda: site.item().summary == before, "the value is restored")
