"""The tab Reconciliation: runs by hand, past runs, and the dry run with its export."""

from __future__ import annotations

import csv
from pathlib import Path

from tests.browser.fill import start_worker
from tests.harness.browser import BOTH_WIDTHS, Tab, expect
from tests.harness.processes import ProcessHarness
from tests.harness.waiting import wait_for


def drifted(site: ProcessHarness, *titles: str) -> None:
    """Add scenes that are in Plex with other texts, and start the worker."""
    for title in titles:
        site.scene(f"{title.strip('=')}.mp4", title=title, details="Wanted")
    start_worker(site)


def test_a_run_is_started_and_its_gaps_are_shown(tab: Tab, site: ProcessHarness) -> None:
    drifted(site, "Low tide", "High tide")
    tab.open("/plexsync?tab=reconciliation").settle()

    tab.button("Run").click()

    expect(tab.part("reconciliation").get_by_role("table").first).to_contain_text("Asked for")
    expect(tab.part("reconciliation")).to_contain_text("2 scenes")
    wait_for(lambda: site.item("Low tide.mp4").summary == "Wanted", "the gap is closed")


def test_a_run_over_one_library(tab: Tab, site: ProcessHarness) -> None:
    drifted(site, "Low tide")
    tab.open("/plexsync?tab=reconciliation").settle()

    tab.page.get_by_label("Scope").select_option(label="One library of Plex")
    expect(tab.button("Run")).to_be_disabled()
    tab.page.get_by_label("Library").select_option(label="Scenes")
    tab.button("Run").click()

    expect(tab.part("reconciliation").get_by_role("table").first).to_contain_text("library Scenes")


@BOTH_WIDTHS
def test_a_dry_run_writes_nothing_and_is_exported(
    tab: Tab, site: ProcessHarness, tmp_path: Path
) -> None:
    drifted(site, "=Low tide", "High tide")
    tab.open("/plexsync?tab=reconciliation").settle()
    tab.button("Start a dry run").click()
    found = tab.part("dry-run")
    expect(found.get_by_role("link", name="=Low tide").first).to_be_visible()
    expect(found).to_contain_text("Wanted")

    with tab.page.expect_download() as download:
        tab.button("Save as CSV").click()

    target = tmp_path / "saved.csv"
    download.value.save_as(target)
    rows = list(csv.DictReader(target.read_text(encoding="utf-8").splitlines()))
    assert {row["title"] for row in rows} == {"'=Low tide", "High tide"}
    assert _row(rows, "High tide", "summary")["value"] == "Wanted"
    assert site.edits() == []


def test_a_dry_run_is_filtered_by_field(tab: Tab, site: ProcessHarness) -> None:
    drifted(site, "Low tide")
    site.scene("same.mp4", title="same", tags=("Sea",))
    tab.open("/plexsync?tab=reconciliation").settle()
    tab.button("Start a dry run").click()
    rows = tab.part("dry-run").get_by_role("table").get_by_role("link")
    expect(rows).to_have_count(2)

    tab.page.get_by_label("Field").select_option("tags")

    expect(rows).to_have_count(1)
    expect(rows).to_have_text("same")


def _row(rows: list[dict[str, str]], title: str, field: str) -> dict[str, str]:
    return next(row for row in rows if (row["title"], row["field"]) == (title, field))
