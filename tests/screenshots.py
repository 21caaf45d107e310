"""Take the pictures of the page for docs/ui.md and README.md: `make screenshots`.

Both servers are emulated, the plugin's processes and the browser are real.
"""

from __future__ import annotations

import math
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

from tests.browser.fill import add_counters, start_worker
from tests.demo_environment import PROJECT, picture
from tests.harness.browser import (
    ARGUMENTS,
    HEIGHT,
    WIDE,
    Tab,
    build_emulator,
    find_chromium,
    missing_parts,
)
from tests.harness.processes import ProcessHarness, running
from tests.harness.waiting import wait_for
from worker.reporting.tallies import DAYS, FAILED_DAYS, FAILED_HOURS, HOURS

MAX_HEIGHT = 1_000
TARGET = PROJECT / "docs" / "img"
TITLES = ("Low Tide", "High Tide", "The Pier", "First Snow", "Last Light", "Night Train")
PERFORMERS = ("Ada Winter", "Jon Berg", "Mia Sol")
# Picture, address, and what is waited for (a `data-testid` without its prefix).
PICTURES = (
    ("overview", "/plexsync", "charts"),
    ("queue", "/plexsync?tab=queue", "total"),
    ("dead-letters", "/plexsync?tab=dead_letters", "dead_letters"),
    ("outages", "/plexsync?tab=outages", "card-metrics"),
    ("reconciliation", "/plexsync?tab=reconciliation", "dry-run-at"),
    ("tools", "/plexsync?tab=tools", "statistics"),
    ("settings", "/plexsync?tab=settings", "settings"),
)


def fill_site(site: ProcessHarness) -> None:
    """Let happen what the pictures show: edits, an outage, a dead letter, a missing file."""
    ids = [
        site.scene(
            f"harbour/{title.lower().replace(' ', '-')}.mp4",
            700_000 + place,
            title=title,
            performers=PERFORMERS[: place % 3 + 1],
            cover=picture(place * 40 % 256, 90, 150),
        )
        for place, title in enumerate(TITLES)
    ]
    start_worker(site)
    add_counters(site.data, list(_weeks_of_use()))
    for scene in ids:
        site.edit(scene, details="A quiet day by the water.", studio="Harbour Films")
    site.wait_until_drained()
    _outage(site, ids[:3])
    _ambiguous(site)
    site.stash.run_operation({"mode": "ui", "call": "start_reconciliation", "scope": "all"})
    site.wait_until_drained()
    site.change(ids[0], details="Only Stash knows this text.")
    site.run_task("Reconcile: Dry Run")
    late = site.scene("harbour/early-bird.mp4", in_plex=False, title="Early Bird")
    site.edit(late, details="Plex has not scanned this file yet.")
    wait_for(lambda: any(reason for _, _, reason in site.jobs()), "a job waits for its file")


def _outage(site: ProcessHarness, scenes: list[int]) -> None:
    site.plex.down()
    for scene in scenes:
        site.edit(scene, details="Written during an outage.")
    wait_for(lambda: "new=open" in site.worker_log(), "the outage is noticed")
    site.plex.up()
    site.wait_until_drained()


def _ambiguous(site: ProcessHarness) -> None:
    for year in ("2019", "2024"):
        site.add_item(f"/media/{year}/holiday.mp4", 5_000)
    scene = site.scene("inbox/holiday.mp4", 5_000, in_plex=False, title="Holiday")
    site.edit(scene, details="Two items could be meant.")
    wait_for(lambda: len(site.dead_letters()) > 0, "a dead letter", 120.0)


def _weeks_of_use() -> list[tuple[str, str, int]]:
    """Return counters of 30 days and 24 hours, a little more on weekends and in the evening."""
    now = datetime.now(timezone.utc)
    rows: list[tuple[str, str, int]] = []
    for ago in range(1, 30):
        day = now - timedelta(days=ago)
        name = day.strftime("%Y-%m-%d")
        rows.append((DAYS, name, 12 + 9 * (day.weekday() >= 5) + ago * 7 % 11))
        if ago % 6 == 0:
            rows.append((FAILED_DAYS, name, ago // 6))
    for ago in range(1, 24):
        hour = now - timedelta(hours=ago)
        name = hour.strftime("%Y-%m-%dT%H")
        count = round(4 + 4 * math.sin(hour.hour / 24 * 2 * math.pi - 2))
        if count > 0:
            rows.append((HOURS, name, count))
    rows.append((FAILED_HOURS, (now - timedelta(hours=5)).strftime("%Y-%m-%dT%H"), 1))
    return rows


def take_pictures(tab: Tab, target: Path) -> None:
    """Open each part of the page and store what it shows."""
    target.mkdir(parents=True, exist_ok=True)
    for name, address, part in PICTURES:
        tab.open(address).settle().part(part).first.wait_for()
        _store(tab, target / f"{name}.png")
    tab.open("/scenes/1").page.get_by_role("tab", name="Plex").click()
    tab.part("item").first.wait_for()
    _store(tab, target / "scene.png")


def _store(tab: Tab, path: Path) -> None:
    # Charts are drawn after their answer has come.
    tab.page.wait_for_timeout(500)
    height = min(tab.page.evaluate("document.documentElement.scrollHeight"), MAX_HEIGHT)
    tab.page.screenshot(
        path=path, full_page=True, clip={"x": 0, "y": 0, "width": WIDE, "height": height}
    )
    print(path, flush=True)


def main() -> int:
    """Take all pictures; return the exit status of the command."""
    missing = missing_parts()
    if missing:
        print(f"screenshots: {missing}", file=sys.stderr)
        return 1
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 it may be missing

    build_emulator()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="plexsync-pictures-") as folder:
        site = ProcessHarness(Path(folder), has_page=True)
        with running(site), sync_playwright() as playwright:
            fill_site(site)
            browser = playwright.chromium.launch(
                executable_path=find_chromium(), args=list(ARGUMENTS)
            )
            context = browser.new_context(
                viewport={"width": WIDE, "height": HEIGHT}, reduced_motion="reduce", locale="en-GB"
            )
            take_pictures(Tab(context, site.stash.url), TARGET)
            browser.close()
    print(f"All pictures were taken in {time.monotonic() - started:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
