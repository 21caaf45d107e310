"""Repeat a failed test of real processes one time, in the open.

A machine that stalls for a minute can upset a test that runs dozens of processes.
`--repeat-processes` runs such a test again when it fails; the terminal summary names every test
that needed it and why it failed.
"""

from __future__ import annotations

from typing import Any

import pytest
from _pytest.runner import runtestprotocol

OPTION = "--repeat-processes"
MARKER = "processes"
FIXTURES = frozenset({"installed", "crash", "idle_crash", "site"})
_OUTCOME = "repeated"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption(OPTION, action="store_true", help="repeat failed tests of real processes once")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test whose fixtures start real processes."""
    for item in items:
        if FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(MARKER)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Run a marked test, and run it again when it fails; None leaves other tests to pytest."""
    if not item.config.getoption(OPTION) or item.get_closest_marker(MARKER) is None:
        return None
    hook = item.ihook
    hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = runtestprotocol(item, nextitem=nextitem, log=False)
    if any(report.failed for report in reports):
        for report in reports:
            if report.failed:
                report.outcome = _OUTCOME  # type: ignore[assignment]
                hook.pytest_runtest_logreport(report=report)
        item._initrequest()  # type: ignore[attr-defined]
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
    for report in reports:
        hook.pytest_runtest_logreport(report=report)
    hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def pytest_report_teststatus(report: Any) -> tuple[str, str, str] | None:
    """Show a failure that is repeated as R."""
    return (_OUTCOME, "R", "REPEATED") if report.outcome == _OUTCOME else None


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Name every repeated test with the last line of its first failure."""
    reports = terminalreporter.stats.get(_OUTCOME, [])
    if reports:
        terminalreporter.section("repeated tests of real processes")
    for report in reports:
        reason = report.longreprtext.strip().splitlines()[-1:]
        terminalreporter.write_line(f"{report.nodeid}: {''.join(reason)}")
