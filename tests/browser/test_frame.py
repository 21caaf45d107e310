"""The frame of the page: how it is opened, what it polls, and what an error does to it."""

from __future__ import annotations

import re
import signal

from tests.harness.browser import BOTH_WIDTHS, Tab, expect
from tests.harness.processes import ProcessHarness
from tests.harness.waiting import wait_for

OPERATION = "runPluginOperation"


@BOTH_WIDTHS
def test_the_icon_opens_the_page(tab: Tab) -> None:
    tab.open("/")

    tab.part("nav").click()

    expect(tab.part("overview")).to_be_visible()
    expect(tab.page).to_have_url(re.compile(r"/plexsync$"))
    expect(tab.page).to_have_title("Overview · PlexSync")


@BOTH_WIDTHS
def test_the_page_opens_by_keyboard(tab: Tab) -> None:
    tab.open("/")
    tab.part("nav").focus()

    tab.page.keyboard.press("Enter")

    expect(tab.part("overview")).to_be_visible()


def test_a_tab_survives_a_reload(tab: Tab) -> None:
    tab.open("/plexsync")
    tab.page.get_by_role("link", name="Queue").click()
    expect(tab.part("queue")).to_be_visible()

    tab.page.reload()

    expect(tab.part("queue")).to_be_visible()


def test_an_unknown_tab_is_the_overview(tab: Tab) -> None:
    tab.open("/plexsync?tab=gone")

    expect(tab.part("overview")).to_be_visible()


def test_an_error_shows_a_card_and_not_a_blank_page(tab: Tab) -> None:
    tab.page.route(
        "**/graphql",
        lambda route: (
            route.fulfill(json={"data": {OPERATION: {"queue": {}, "worker": 5}}})
            if '"call":"snapshot"' in (route.request.post_data or "")
            else route.fallback()
        ),
    )
    tab.open("/plexsync")

    expect(tab.part("error")).to_contain_text("PlexSync cannot draw this part")
    expect(tab.page.get_by_role("link", name="Scenes")).to_be_visible()
    tab.page.unroute_all()
    tab.button("Reload").click()

    expect(tab.part("card-worker")).to_be_visible()
    tab.errors.clear()  # React reports what the boundary has caught


def test_nothing_is_polled_while_the_page_is_hidden(tab: Tab) -> None:
    asked: list[str] = []
    tab.page.on("request", lambda request: asked.append(request.post_data or ""))
    tab.page.clock.install()
    tab.open("/plexsync").settle()
    expect(tab.part("card-worker")).to_be_visible()
    tab.set_hidden(True)
    asked.clear()

    tab.page.clock.run_for(600_000)

    assert asked == []
    tab.set_hidden(False)
    with tab.page.expect_request("**/graphql") as request:
        tab.page.clock.run_for(100)
    assert OPERATION in (request.value.post_data or "")


def test_the_icon_alone_asks_once_a_minute(tab: Tab, site: ProcessHarness) -> None:
    site.stash.run_operation({"mode": "wake"})
    site.wait_until_drained()
    tab.page.clock.install()
    tab.open("/")
    expect(tab.part("nav")).to_have_attribute("data-state", "ok")
    before = site.stash.count(name=OPERATION)

    # The page's clock also continues by itself while a busy machine opens the page.
    tab.page.clock.run_for(30_000)
    between = site.stash.count(name=OPERATION)
    tab.page.clock.run_for(35_000)

    wait_for(lambda: site.stash.count(name=OPERATION) == before + 1, "the icon asks again")
    assert between == before


def test_a_worker_that_was_killed_is_shown_and_started(tab: Tab, site: ProcessHarness) -> None:
    tab.open("/plexsync")
    expect(tab.part("card-worker")).to_contain_text("running")
    site.stop_worker(signal.SIGKILL)
    expect(tab.part("card-worker")).to_contain_text("not running")

    tab.button("Start the worker").click()

    expect(tab.part("card-worker")).to_contain_text("idle")
    assert site.is_worker_running()


def test_stash_away_is_shown_and_ends_without_reload(tab: Tab, site: ProcessHarness) -> None:
    tab.open("/plexsync")
    expect(tab.part("card-worker")).to_be_visible()

    site.stash.down()

    expect(tab.part("stale")).to_contain_text("Stash does not answer")
    expect(tab.part("stale")).to_contain_text("What you see is from")
    expect(tab.part("card-worker")).to_be_visible()
    site.stash.up()
    expect(tab.part("stale")).to_be_hidden()
