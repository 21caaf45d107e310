"""Numbers in the prose of the pages are those of the code."""

from __future__ import annotations

import pytest

from core.fields import IMAGE_LIMIT_BYTES
from core.send_history import MAX_SENDS, WINDOW_S
from core.units import DAY_S, HOUR_S, MINUTE_S
from page.paths import SAMPLE
from page.support import LOG_LINES
from page.unread_library import MAX_LISTED
from plex.client import READ_BATCH
from plex.transport import MAX_IN_FLIGHT
from reconciliation.sweep import PAGE as SCENES_PER_REQUEST
from stash.versions import OLDEST, version_text
from sync.image_failures import REFUSED_AGAIN_S
from sync.recognize_server import MAX_CHECKED, MIN_SHARE
from tests.harness.plugin_copy import ROOT
from worker.discovery.plex_scan import GAP_S, MAX_FOLDERS
from worker.lifecycle.catch_up_schedule import CATCH_UP_INTERVAL_S
from worker.lifecycle.poison_jobs import CRASHES_TO_DEAD_LETTER
from worker.reporting.tallies import KEPT_DAYS_S, KEPT_HOURS_S
from worker.resilience.breaker import MAX_PROBE_DELAY_S, MIN_PROBE_DELAY_S
from worker.resilience.outages import KEPT
from worker.resilience.pacing import LEVELS, WINDOW
from worker.resilience.throttle import FULL_RATE, MIN_RESULTS, START_RATE, THROTTLE_ABOVE
from worker.resilience.write_rest import REST_FACTOR

DOCS = ROOT / "docs"
WORDS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven"}
INTERVALS = {DAY_S: "once a day", 7 * DAY_S: "once a week"}
NUMBERS = [
    ("ui.md", f"takes up to {SAMPLE} scenes at random"),
    ("ui.md", f"more than {MAX_LISTED:,} items"),
    ("ui.md", f"newest {LOG_LINES} lines of the log"),
    ("ui.md", f"({KEPT_HOURS_S / HOUR_S:.0f} hours) and day ({KEPT_DAYS_S / DAY_S:.0f} days)"),
    ("ui.md", f"the last {KEPT} [outages]"),
    ("outages.md", f"`data/outages.json` holds the last {KEPT} outages"),
    ("outages.md", f"about {MIN_PROBE_DELAY_S:.0f} seconds after the breaker opened"),
    ("outages.md", f"doubles the delay, up to {MAX_PROBE_DELAY_S:.0f} seconds"),
    ("outages.md", f"at {START_RATE:.0f} job per second"),
    ("outages.md", f"grows evenly to {FULL_RATE:.0f} per second"),
    ("outages.md", f"more than {THROTTLE_ABOVE:.0%} of".replace("%", " %")),
    ("outages.md", f"(at least {MIN_RESULTS} results)"),
    ("outages.md", f"median of the last {WINDOW} answers"),
    ("outages.md", f"nothing for {REST_FACTOR} times as long"),
    ("outages.md", " | ".join(["requests at the same time", *(str(row[0]) for row in LEVELS)])),
    ("writing.md", f"compares them every {CATCH_UP_INTERVAL_S / MINUTE_S:.0f} minutes"),
    ("writing.md", f"sends it {INTERVALS[REFUSED_AGAIN_S]}"),
    ("reconciliation.md", f"for every {SCENES_PER_REQUEST} scenes, one to Plex for every"),
    ("reconciliation.md", f"for every {READ_BATCH} items"),
    ("faq.md", f"is larger than {IMAGE_LIMIT_BYTES:,} bytes"),
    ("faq.md", f"At most {WORDS[MAX_IN_FLIGHT]} requests are in flight"),
    ("faq.md", f"Stash {version_text(OLDEST)} or newer"),
    ("install.md", f"Stash {version_text(OLDEST)} or newer"),
    ("troubleshoot.md", f"After {WORDS[CRASHES_TO_DEAD_LETTER]} crashes"),
    ("troubleshoot.md", f"image of at most {IMAGE_LIMIT_BYTES:,} bytes"),
    (
        "troubleshoot.md",
        f"had sent it {WORDS[MAX_SENDS]} times within {WORDS[int(WINDOW_S / DAY_S)]} days",
    ),
    ("troubleshoot.md", f"at least {MIN_SHARE:.0%} of".replace("%", " %")),
    ("ARCHITECTURE.md", f"checks up to {MAX_CHECKED:,} records"),
    (
        "ARCHITECTURE.md",
        f"beyond {MAX_FOLDERS} folders of a location within {WORDS[int(GAP_S / MINUTE_S)]} minutes",
    ),
]


@pytest.mark.parametrize(("page", "text"), NUMBERS, ids=[text for _, text in NUMBERS])
def test_a_number_on_a_page_is_that_of_the_code(page: str, text: str) -> None:
    assert text in " ".join((DOCS / page).read_text("utf-8").split())
