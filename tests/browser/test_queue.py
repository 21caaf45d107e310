"""The tab Queue: what waits, found and changed by the user."""

from __future__ import annotations

import re

import pytest

from tests.browser.fill import add_later_jobs, start_worker
from tests.harness.browser import BOTH_WIDTHS, Tab, expect
from tests.harness.processes import ProcessHarness
from tests.harness.waiting import wait_for

MARKUP = '<b onclick="x">Bold</b> & <i>kept</i>'


def test_an_edit_waits_through_an_outage_and_is_done(tab: Tab, site: ProcessHarness) -> None:
    scene = site.scene(title="Night train")
    tab.open("/plexsync?tab=queue")
    expect(tab.part("queue")).to_contain_text("Nothing waits.")
    site.plex.down()

    site.edit(scene, details="New")

    expect(tab.part("queue").get_by_role("link", name="Night train")).to_be_visible()
    site.plex.up()
    expect(tab.part("queue")).to_contain_text("Nothing waits.")
    assert site.item().summary == "New"


@BOTH_WIDTHS
def test_100_000_jobs_are_scrolled(tab: Tab, site: ProcessHarness) -> None:
    start_worker(site)
    add_later_jobs(site.data, 1, 100_000)

    tab.open("/plexsync?tab=queue")
    expect(tab.part("total")).to_have_text("100,000 jobs")
    tab.button("Last page").click()

    expect(tab.part("pager")).to_have_text("99,951–100,000 of 100,000")
    expect(tab.part("queue").get_by_role("link", name="scene:100000")).to_be_visible()
    tab.button("Previous page").click()
    expect(tab.part("pager")).to_have_text("99,901–99,950 of 100,000")
    tab.page.reload()
    expect(tab.part("pager")).to_have_text("99,901–99,950 of 100,000")
    tab.button("First page").click()
    expect(tab.part("queue").get_by_role("link", name="scene:1", exact=True)).to_be_visible()


def test_clearing_names_the_number_and_needs_it(tab: Tab, site: ProcessHarness) -> None:
    start_worker(site)
    add_later_jobs(site.data, 1, 3)
    tab.open("/plexsync?tab=queue")
    tab.button("Clear the queue").click()
    dialog = tab.page.get_by_role("dialog")
    expect(dialog).to_contain_text("3 waiting jobs will be deleted")
    add_later_jobs(site.data, 4, 5)

    dialog.get_by_role("button", name="Clear the queue").click()

    expect(dialog).to_contain_text("5 waiting jobs will be deleted")
    assert len(site.jobs()) == 5
    dialog.get_by_role("button", name="Clear the queue").click()
    expect(tab.part("queue")).to_contain_text("Nothing waits.")
    assert site.jobs() == []


def test_clearing_can_be_cancelled(tab: Tab, site: ProcessHarness) -> None:
    start_worker(site)
    add_later_jobs(site.data, 1, 3)
    tab.open("/plexsync?tab=queue")
    tab.button("Clear the queue").click()
    expect(tab.page.get_by_role("dialog")).to_contain_text("3 waiting jobs will be deleted")

    tab.page.keyboard.press("Escape")

    expect(tab.page.get_by_role("dialog")).to_be_hidden()
    assert len(site.jobs()) == 3


def test_a_scene_is_found_by_its_title_and_its_id(tab: Tab, site: ProcessHarness) -> None:
    titles = ["Low tide", "High tide", "The pier"]
    ids = [site.scene(f"{title}.mp4", title=title) for title in titles]
    start_worker(site)
    add_later_jobs(site.data, 1, 60)
    tab.open("/plexsync?tab=queue")
    search = tab.page.get_by_label("Title or id of a scene")

    search.fill("tide")
    search.press("Enter")

    expect(tab.part("total")).to_have_text("2 jobs")
    expect(tab.part("queue").get_by_role("link", name="High tide")).to_be_visible()
    expect(tab.page).to_have_url(re.compile("q=tide"))
    search.fill(str(ids[2]))
    search.press("Enter")
    expect(tab.part("queue").get_by_role("link", name="The pier")).to_be_visible()
    search.fill("no such title")
    search.press("Enter")
    expect(tab.part("queue")).to_contain_text("No job of these scenes waits.")


@BOTH_WIDTHS
def test_chosen_jobs_are_dropped_and_synced(tab: Tab, site: ProcessHarness) -> None:
    names = ("One", "Two", "Three")
    ids = [site.scene(f"{name}.mp4", title=name, details="New") for name in names]
    start_worker(site)
    add_later_jobs(site.data, ids[0], ids[-1])
    tab.open("/plexsync?tab=queue")

    tab.page.get_by_label("Choose One").check()
    tab.page.get_by_label("Choose Two").check()
    tab.part("queue").get_by_role("button", name="Drop").first.click()
    text = tab.confirm("Drop")

    assert text.startswith("2 waiting jobs will be deleted")
    expect(tab.part("total")).to_have_text("1 job")
    tab.part("queue").get_by_role("button", name="Sync now").click()
    expect(tab.part("queue")).to_contain_text("Nothing waits.")
    wait_for(lambda: site.item("Three.mp4").summary == "New", "the job is done")
    assert site.item("One.mp4").summary != "New"


@pytest.mark.parametrize("title", [MARKUP])
def test_a_title_with_markup_is_text(tab: Tab, site: ProcessHarness, title: str) -> None:
    scene = site.scene(title=title)
    start_worker(site)
    add_later_jobs(site.data, scene, scene)

    tab.open("/plexsync?tab=queue")

    expect(tab.part("queue").get_by_role("link", name=title, exact=True)).to_be_visible()
    expect(tab.part("queue").locator("table b, table i")).to_have_count(0)


def test_the_queue_is_worked_by_keyboard(tab: Tab, site: ProcessHarness) -> None:
    start_worker(site)
    add_later_jobs(site.data, 1, 2)
    tab.open("/plexsync?tab=queue")
    tab.page.get_by_label("Choose scene:1").focus()
    tab.page.keyboard.press("Space")
    tab.part("queue").get_by_role("button", name="Drop").first.focus()
    tab.page.keyboard.press("Enter")
    dialog = tab.page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()

    tab.page.keyboard.press("Tab")
    expect(dialog.get_by_role("button", name="Drop")).to_be_focused()
    tab.page.keyboard.press("Enter")

    expect(tab.part("total")).to_have_text("1 job")
    assert [subject for subject, _, _ in site.jobs()] == ["scene:2"]
