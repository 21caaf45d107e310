"""Drive Stash's emulated page in Chromium: what a browser test needs, and why it may be skipped."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.emulators.page_site import BUILT, FOLDER
from tools.page_build import UI, NodeMissing, find_node, run

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page

WIDE = 1280
NARROW = 375
WIDTHS = (WIDE, NARROW)
HEIGHT = 800
# For one test of each part of the page, whose barriers are looked for, too.
BOTH_WIDTHS = pytest.mark.parametrize("width", WIDTHS, ids=["wide", "narrow"], indirect=True)
# What Chromium is called by Debian and others; first the one without windows, which needs a quarter
# less of the processor.
BROWSERS = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
# A test needs no GPU, no sandbox inside of a container, and no request of Chromium's own.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LIMIT_MS = 30_000
"""How long a browser test waits for what it expects."""
_STAMP = BUILT / "sources.sha256"
_LOCK_LIMIT_S = 300.0
# Parts of the page that are PlexSync's; the rest is drawn by the emulator.
_OURS = [["main"], ["[data-testid=plexsync-nav]"], [".modal"]]
_SEVERE = ("serious", "critical")


def find_chromium() -> str:
    """Return the path of the browser; "" where there is none."""
    return next((path for path in map(shutil.which, BROWSERS) if path), "")


def missing_parts() -> str:
    """Return what a browser test lacks on this machine, as one line; "" where it lacks nothing."""
    try:
        import playwright  # noqa: F401,PLC0415 a machine that only runs the plugin has none
    except ImportError:
        return "Playwright is missing: make page-env"
    if not find_chromium():
        return "Chromium is missing: install it from your system's packages"
    try:
        find_node()
    except NodeMissing as missing:
        return str(missing)
    return ""


def build_emulator() -> None:
    """Build the emulated page, unless it is built from these sources already."""
    digest = _digest_of_sources()
    with _lock(UI / "emulator" / ".lock"):
        if _STAMP.is_file() and _STAMP.read_text(encoding="utf-8") == digest:
            return
        run("emulator", find_node())
        _STAMP.write_text(digest, encoding="utf-8")


def _digest_of_sources() -> str:
    sources = [path for path in sorted(FOLDER.iterdir()) if path.suffix in (".ts", ".tsx", ".css")]
    digest = hashlib.sha256()
    for path in (*sources, UI / "build.mjs", UI / "package-lock.json"):
        digest.update(path.read_bytes())
    return digest.hexdigest()


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Let one process of the tests build at a time."""
    end = time.monotonic() + _LOCK_LIMIT_S
    while True:
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL))
            break
        except FileExistsError:
            if time.monotonic() > end:
                path.unlink(missing_ok=True)  # a killed test left it
            time.sleep(0.1)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def expect(actual: Page | Locator) -> Any:
    """Return Playwright's assertions about a page or a part of it, which wait until they hold."""
    from playwright.sync_api import expect as expectation  # noqa: PLC0415 it may be missing

    expectation.set_options(timeout=LIMIT_MS)
    return expectation(actual)


class Tab:
    """One browser tab on Stash's page, which notes what must not happen in it."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.page: Page = context.new_page()
        self.url = url
        self.errors: list[str] = []
        self.page.set_default_timeout(LIMIT_MS)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._note)

    def _note(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.errors.append(message.text)

    def open(self, address: str = "/plexsync") -> Tab:
        """Go to an address of Stash, such as `/plexsync?tab=queue`."""
        self.page.goto(f"{self.url}{address}")
        return self

    def settle(self) -> Tab:
        """Wait until everything that is shown has been answered."""
        self.page.locator(".plexsync").first.wait_for()
        expect(self.page.locator(".plexsync .spinner-border")).to_have_count(0)
        return self

    def part(self, name: str) -> Locator:
        """Return the visible part with that `data-testid`, without the prefix `plexsync-`."""
        return self.page.locator(f'[data-testid="plexsync-{name}"]:visible')

    def button(self, name: str) -> Locator:
        """Return the visible button with that text."""
        return self.page.get_by_role("button", name=name, exact=True)

    def confirm(self, name: str) -> str:
        """Press the button of the open dialog, which has no barrier; return what it said."""
        dialog = self.page.get_by_role("dialog")
        dialog.wait_for()
        assert self.barriers() == []
        text = str(dialog.locator(".modal-body").inner_text())
        dialog.get_by_role("button", name=name, exact=True).click()
        dialog.wait_for(state="hidden")
        return text

    def toast(self) -> str:
        """Return the text of the newest toast."""
        return str(self.page.get_by_test_id("stash-toast").inner_text())

    def set_hidden(self, is_hidden: bool) -> None:
        """Let the page believe that another tab is in front of it, or that none is."""
        self.page.evaluate(
            """(isHidden) => {
                const state = isHidden ? "hidden" : "visible";
                Object.defineProperty(document, "hidden", { configurable: true, value: isHidden });
                Object.defineProperty(document, "visibilityState",
                    { configurable: true, value: state });
                document.dispatchEvent(new Event("visibilitychange"));
            }""",
            is_hidden,
        )

    def barriers(self) -> list[str]:
        """Return what keeps users out who see or move differently: serious findings of axe-core."""
        self.page.evaluate((BUILT / "axe.js").read_text(encoding="utf-8"))
        found: list[dict[str, Any]] = self.page.evaluate(
            """(parts) => axe
                .run({ include: parts.filter(([one]) => document.querySelector(one)) },
                     { resultTypes: ["violations"], preload: false })
                .then((result) => result.violations)""",
            _OURS,
        )
        return [
            f"{each['id']}: {json.dumps([node['html'][:200] for node in each['nodes']])}"
            for each in found
            if each["impact"] in _SEVERE
        ]

    def resize(self, width: int) -> None:
        """Make the window that many pixels wide, and wait until the page is drawn again."""
        self.page.set_viewport_size({"width": width, "height": HEIGHT})
        self.page.evaluate(
            """async () => {
                // Charts follow in the frame after the one in which they see their new width.
                for (const _ of [1, 2, 3]) await new Promise(requestAnimationFrame);
            }"""
        )

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than the window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))
