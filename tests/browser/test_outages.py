"""The tabs Overview and Outages while Plex goes away and comes back."""

from __future__ import annotations

from datetime import datetime, timezone

from tests.browser.fill import add_counters, start_worker
from tests.harness.browser import BOTH_WIDTHS, Tab, expect
from tests.harness.processes import ProcessHarness


@BOTH_WIDTHS
def test_an_outage_comes_and_goes_without_reload(tab: Tab, site: ProcessHarness) -> None:
    scene = site.scene(title="Night train")
    start_worker(site)
    tab.open("/plexsync")
    expect(tab.part("card-plex")).to_contain_text("reachable")

    site.plex.down()
    site.edit(scene, details="New")

    expect(tab.part("state")).to_have_attribute("data-state", "error")
    expect(tab.part("card-plex")).to_contain_text("cannot be reached")
    expect(tab.part("card-plex")).to_contain_text("Next test")
    expect(tab.part("nav")).to_have_attribute("data-state", "error")
    site.plex.up()
    expect(tab.part("state")).to_have_attribute("data-state", "ok")
    expect(tab.part("card-queue")).to_contain_text("Synced today1 job")


def test_a_past_outage_is_in_the_table(tab: Tab, site: ProcessHarness) -> None:
    scene = site.scene(title="Night train")
    start_worker(site)
    tab.open("/plexsync?tab=outages")
    expect(tab.part("outages")).to_contain_text("No outage was seen.")
    site.plex.down()
    site.edit(scene, details="New")
    expect(tab.part("outage-now")).to_contain_text("Plex cannot be reached since")
    expect(tab.part("outages").get_by_role("table")).to_contain_text("lasts")

    site.plex.up()

    expect(tab.part("outage-now")).to_be_hidden()
    expect(tab.part("outages").get_by_role("table")).not_to_contain_text("lasts")
    expect(tab.part("card-metrics")).to_contain_text("Mean time to recovery (MTTR)")


def test_the_charts_count_synced_and_failed_jobs(tab: Tab, site: ProcessHarness) -> None:
    start_worker(site)
    now = datetime.now(timezone.utc)
    add_counters(
        site.data,
        [
            ("hours", now.strftime("%Y-%m-%dT%H"), 12),
            ("failed_hours", now.strftime("%Y-%m-%dT%H"), 2),
            ("days", now.strftime("%Y-%m-%d"), 340),
        ],
    )

    tab.open("/plexsync")

    charts = tab.part("charts")
    hours = charts.get_by_role("img", name="Last 24 hours: 12 jobs synced, 2 failed")
    expect(hours).to_be_visible()
    days = charts.get_by_role("img", name="Last 30 days: 340 jobs synced, 0 failed")
    expect(days.locator("canvas")).to_be_visible()
