"""Connecting to Plex: from the first visit to the first synced scene, and by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.emulators.plex_tv import PlexTvEmulator
from tests.harness.browser import LIMIT_MS, NARROW, WIDE, Tab, expect
from tests.harness.processes import ProcessHarness, running
from tests.harness.servers import TOKEN
from tests.harness.waiting import wait_for
from validation.token_file import FILE_NAME

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

SIGN_IN_PAGE = "https://app.plex.tv/**"


@pytest.fixture
def tv() -> Iterator[PlexTvEmulator]:
    with PlexTvEmulator() as emulator:
        yield emulator


@pytest.fixture
def site(chromium: Browser, tmp_path: Path, tv: PlexTvEmulator) -> Iterator[ProcessHarness]:
    """An installation before it is set up."""
    harness = ProcessHarness(tmp_path, has_page=True, extra_env={"PLEXSYNC_PLEX_TV": tv.url})
    with running(harness, a_plex_url="", a_plex_token="", b_path_map=""):
        yield harness


def code_of(popup: Page) -> str:
    """Return the code in the address of the sign-in page, once it is there."""
    popup.wait_for_url(SIGN_IN_PAGE)
    address: str = popup.url
    return address.partition("&code=")[2].partition("&")[0]


def press(tab: Tab, target: Locator) -> None:
    """Reach something with the Tab key, as a user without a mouse does, and press Enter."""
    target.wait_for()
    for _ in range(300):
        if target.evaluate("(element) => element === document.activeElement"):
            break
        tab.page.keyboard.press("Tab")
    tab.page.keyboard.press("Enter")


def click(_tab: Tab, target: Locator) -> None:
    """Use the mouse."""
    target.click()


@pytest.mark.parametrize(
    ("use", "width"),
    [(click, NARROW), (press, WIDE)],
    ids=["mouse on a phone", "keyboard"],
    indirect=["width"],
)
def test_a_first_run_leads_to_the_first_synced_scene(
    tab: Tab, site: ProcessHarness, tv: PlexTvEmulator, use: Callable[[Tab, Locator], None]
) -> None:
    tv.add_server(site.plex)
    scene = site.scene(title="The first one")
    tab.page.context.route(SIGN_IN_PAGE, lambda route: route.fulfill(body="Plex"))
    tab.open("/plexsync")
    first = tab.part("first-run")
    expect(first).to_be_visible()
    assert tab.barriers() == []

    use(tab, first.get_by_role("link", name="Connect to Plex"))
    with tab.page.expect_popup() as opened:
        use(tab, tab.button("Sign in with Plex"))
    code = code_of(opened.value)
    assert opened.value.evaluate("window.opener") is None
    tv.sign_in(code)
    use(tab, tab.button("Use this address"))
    # Between the click and the report are six calls, one process each.
    expect(tab.part("report")).to_contain_text("PlexSync writes to: Scenes.", timeout=4 * LIMIT_MS)
    use(tab, tab.page.get_by_role("link", name="Overview"))
    expect(first.locator("[data-state=done]")).to_have_count(2)
    use(tab, first.get_by_role("link", name="Check the paths"))
    expect(tab.part("paths")).to_be_visible()
    site.edit(scene, title="Synced")
    site.wait_until_drained()

    assert site.item().title == "Synced"
    use(tab, tab.page.get_by_role("link", name="Overview"))
    expect(tab.part("card-plex")).to_be_visible()
    expect(first).to_be_hidden()


def test_settings_of_another_plugin_are_taken_over(
    tab: Tab, site: ProcessHarness, tv: PlexTvEmulator
) -> None:
    site.stash.graphql(
        'mutation($v: Map!) { configurePlugin(plugin_id: "Stash2Plex", input: $v) }',
        {"v": {"plex_url": site.plex.url, "plex_token": site.plex.token, "max_retries": 5}},
    )
    tab.open("/plexsync")

    other = tab.part("other-plugin")
    expect(other).to_contain_text("max_retries")
    assert site.plex.token not in str(tab.page.content())
    tab.button("Take over").click()

    expect(tab.part("first-run").locator("[data-state=done]")).to_have_count(2)
    expect(other).to_contain_text("Nothing is left to take over")


def test_a_blocked_window_leaves_a_link(tab: Tab, site: ProcessHarness, tv: PlexTvEmulator) -> None:
    tab.page.add_init_script("window.open = () => null")
    tab.open("/plexsync?tab=settings")
    tab.button("Sign in with Plex").click()

    link = tab.page.get_by_role("link", name="Open the sign-in page")
    assert str(link.get_attribute("href")).startswith("https://app.plex.tv/auth#?")
    tab.page.reload()  # a phone may drop the page while the user signs in
    expect(link).to_be_visible()


def test_an_expired_code_is_shown(tab: Tab, tv: PlexTvEmulator) -> None:
    tab.page.add_init_script("window.open = () => null")
    tab.open("/plexsync?tab=settings")
    tab.button("Sign in with Plex").click()
    expect(tab.page.get_by_role("link", name="Open the sign-in page")).to_be_visible()

    tv.expire()

    expect(tab.part("sign-in")).to_contain_text("The sign-in has expired.")


def test_plex_tv_away_is_shown(tab: Tab, tv: PlexTvEmulator) -> None:
    tab.open("/plexsync?tab=settings")
    tv.down()

    tab.button("Sign in with Plex").click()

    expect(tab.part("sign-in")).to_contain_text("plex.tv cannot be reached")


def test_a_shared_server_cannot_be_chosen(
    tab: Tab, site: ProcessHarness, tv: PlexTvEmulator
) -> None:
    tv.add_server(site.plex, name="<b>shared</b>", owned=False)
    tab.page.context.route(SIGN_IN_PAGE, lambda route: route.fulfill(body="Plex"))
    tab.open("/plexsync?tab=settings")
    with tab.page.expect_popup() as opened:
        tab.button("Sign in with Plex").click()
    tv.sign_in(code_of(opened.value))

    expect(tab.part("choose-server")).to_contain_text("<b>shared</b>")
    expect(tab.part("choose-server").get_by_role("radio")).to_be_disabled()
    expect(tab.part("sign-in")).to_contain_text("None of these servers belongs to this account")
    expect(tab.button("Use this address")).to_be_hidden()


@pytest.mark.parametrize("place", ["/settings", "/plexsync?tab=settings"], ids=["stash", "page"])
def test_url_and_token_by_hand(tab: Tab, site: ProcessHarness, place: str) -> None:
    tab.open(place)
    part = tab.part("by-hand")
    token = part.get_by_label("Plex token", exact=True)
    expect(token).to_have_attribute("type", "password")
    part.get_by_role("button", name="Show the token").click()
    expect(token).to_have_attribute("type", "text")

    part.get_by_label("Plex URL").fill(site.plex.url)
    token.fill("wrong")
    part.get_by_role("button", name="Test").click()
    expect(tab.part("report")).to_have_attribute("data-state", "error")
    token.fill(TOKEN)
    part.get_by_role("button", name="Save").click()
    expect(tab.part("report")).to_have_attribute("data-state", "ok")

    expect(tab.part("token")).to_have_attribute("data-state", "file")
    assert (site.data / FILE_NAME).read_text("ascii") == TOKEN
    wait_for(lambda: (site.stash.settings() or {}).get("a_plex_url"), "the URL is stored")
    assert TOKEN not in str(site.stash.settings())
    assert token.input_value() == ""
    tab.button("Disconnect").click()
    tab.confirm("Disconnect")
    expect(tab.part("token")).to_have_attribute("data-state", "none")
    assert not (site.data / FILE_NAME).exists()
