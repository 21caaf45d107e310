"""Test that docs/reconciliation.md describes every kind of gap as the table does."""

import re

from reconciliation.detectors import DETECTORS
from tests.harness.plugin_copy import ROOT

PAGE = (ROOT / "docs" / "reconciliation.md").read_text(encoding="utf-8")


def test_the_page_shows_the_table_of_detectors() -> None:
    table = PAGE.partition("<!-- detectors:begin -->")[2].partition("<!-- detectors:end -->")[0]

    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", table, re.MULTILINE)
    assert rows == [(detector.kind, detector.meaning) for detector in DETECTORS]


def test_the_page_is_found_from_the_first_one() -> None:
    assert "(reconciliation.md)" in (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
