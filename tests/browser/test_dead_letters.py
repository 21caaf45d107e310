"""Dead letters on the page: matched by hand, retried, dismissed, and left out for good."""

from __future__ import annotations

from tests.browser.fill import MARKUP, ambiguous_scene
from tests.harness.browser import BOTH_WIDTHS, Tab, expect
from tests.harness.processes import ProcessHarness
from tests.harness.waiting import wait_for

ADDRESS = "/plexsync?tab=dead_letters"


@BOTH_WIDTHS
def test_a_match_by_hand_is_right_in_plex(tab: Tab, site: ProcessHarness) -> None:
    ambiguous_scene(site, MARKUP)
    tab.open(ADDRESS)
    expect(tab.part("dead_letters").get_by_role("link", name=MARKUP)).to_be_visible()

    row = tab.page.get_by_role("row").filter(has_text=MARKUP)
    row.get_by_role("button", name="Match with this item: /media/y/a.mp4").click()

    wait_for(lambda: site.item("y/a.mp4").title == MARKUP, "Plex shows the title")
    expect(tab.part("dead_letters")).to_contain_text("Nothing has failed for good.")
    assert site.item("x/a.mp4").title != MARKUP
    expect(tab.part("overrides")).to_contain_text(f"Item {site.item('y/a.mp4').rating_key}")
    tab.part("overrides").get_by_role("button", name="Remove").click()
    expect(tab.part("overrides")).to_contain_text("No scene is matched by hand.")


def test_an_item_is_searched_for(tab: Tab, site: ProcessHarness) -> None:
    other = site.add_item("/media/other.mp4", title="Quite another name")
    ambiguous_scene(site)
    tab.open(ADDRESS)
    row = tab.page.get_by_role("row").filter(has_text="Which one")

    row.get_by_role("button", name="Choose an item").click()
    dialog = tab.page.get_by_role("dialog")
    dialog.get_by_label("Title or file name in Plex").fill("quite another")
    dialog.get_by_label("Title or file name in Plex").press("Enter")
    dialog.get_by_role("button", name="Match with this item").click()

    wait_for(lambda: site.item("other.mp4").title == "Which one", "Plex shows the title")
    assert site.item("other.mp4").rating_key == other


def test_a_choice_of_rows_is_never_synced(tab: Tab, site: ProcessHarness) -> None:
    for name in ("a", "b", "c"):
        ambiguous_scene(site, f"Title {name}", name)
    tab.open(ADDRESS)
    for name in ("a", "b"):
        tab.page.get_by_label(f"Choose Title {name}").check()

    tab.part("chosen").get_by_role("button", name="Never sync").click()
    text = tab.confirm("Never sync")

    assert text.startswith("2 scenes will never be synced")
    expect(tab.part("overrides").get_by_text("never synced")).to_have_count(2)
    expect(tab.part("groups")).to_contain_text("1 dead letter")


def test_all_of_a_reason_are_dismissed(tab: Tab, site: ProcessHarness) -> None:
    for name in ("a", "b"):
        ambiguous_scene(site, f"Title {name}", name)
    tab.open(ADDRESS)

    tab.part("groups").get_by_role("button", name="Dismiss").click()
    text = tab.confirm("Dismiss")

    assert text.startswith("2 dead letters will be deleted.")
    expect(tab.part("dead_letters")).to_contain_text("Nothing has failed for good.")
    assert site.dead_letters() == []


def test_a_stale_page_deletes_no_more_than_it_showed(tab: Tab, site: ProcessHarness) -> None:
    ambiguous_scene(site, "Title a", "a")
    tab.open(ADDRESS)
    tab.part("groups").get_by_role("button", name="Dismiss").click()
    dialog = tab.page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 dead letter will be deleted")
    ambiguous_scene(site, "Title b", "b")

    dialog.get_by_role("button", name="Dismiss").click()

    expect(dialog).to_contain_text("2 dead letters will be deleted")
    assert len(site.dead_letters()) == 2
    dialog.get_by_role("button", name="Cancel").click()
