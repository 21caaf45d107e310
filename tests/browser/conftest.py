"""The fixtures of the browser tests; they skip where a browser or Node is missing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.harness.browser import (
    ARGUMENTS,
    HEIGHT,
    WIDE,
    WIDTHS,
    Tab,
    build_emulator,
    find_chromium,
    missing_parts,
)
from tests.harness.processes import ProcessHarness, running

if TYPE_CHECKING:
    from playwright.sync_api import Browser

OpenTab = Callable[[], Tab]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Run one browser for all tests of a process."""
    missing = missing_parts()
    if missing:
        assert not os.environ.get("CI"), missing
        pytest.skip(missing)
    build_emulator()
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 it may be missing

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def width(request: pytest.FixtureRequest) -> int:
    """The width of the screen in pixels: a desktop's, unless the test is one of `BOTH_WIDTHS`."""
    return int(getattr(request, "param", WIDE))


@pytest.fixture
def site(chromium: Browser, tmp_path: Path) -> Iterator[ProcessHarness]:
    """Both servers with Stash's page and the installed plugin, which is set up."""
    harness = ProcessHarness(tmp_path, has_page=True)
    with running(harness):
        yield harness


@pytest.fixture
def open_tab(
    chromium: Browser, site: ProcessHarness, width: int, request: pytest.FixtureRequest
) -> Iterator[OpenTab]:
    """Open tabs, and check each at the end: no error, and nothing cut off in any width.

    No barrier either, where a test runs in several widths, which one of each part does.
    """
    context = chromium.new_context(
        viewport={"width": width, "height": HEIGHT}, reduced_motion="reduce", locale="en-GB"
    )
    tabs: list[Tab] = []

    def opened() -> Tab:
        tabs.append(Tab(context, site.stash.url))
        return tabs[-1]

    yield opened
    call = getattr(request.node, "callspec", None)
    has_widths = call is not None and "width" in call.params
    for tab in tabs:
        assert not (has_widths and tab.barriers())
        for each in WIDTHS:
            tab.resize(each)
            assert tab.overflow() <= 0
        assert tab.errors == []
    context.close()


@pytest.fixture
def tab(open_tab: OpenTab) -> Tab:
    """One tab; nothing is opened in it yet."""
    return open_tab()
