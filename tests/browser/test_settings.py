"""The settings on Stash's settings page and as a tab: what they say, and what a save changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import OpenTab
from tests.harness.browser import BOTH_WIDTHS, Tab, expect
from tests.harness.processes import ProcessHarness
from tests.harness.servers import TOKEN
from tests.harness.waiting import wait_for

OTHER_PLUGIN = """\
name: Other
version: 1.0.0
settings:
  loud:
    displayName: Loud
    description: Another plugin's switch.
    type: BOOLEAN
"""
PLACES = ("/settings", "/plexsync?tab=settings")


def stored(site: ProcessHarness) -> dict[str, Any]:
    """Return the settings as Stash has stored them."""
    return site.stash.settings() or {}


@pytest.fixture(params=PLACES, ids=["stash", "page"])
def place(request: pytest.FixtureRequest) -> str:
    """Run a test in both places where the settings are shown."""
    return str(request.param)


@BOTH_WIDTHS
def test_a_switch_says_the_truth_and_saves_one_row(
    tab: Tab, site: ProcessHarness, place: str
) -> None:
    tab.open(place)
    switch = tab.part("settings").get_by_label("Strict matching")
    expect(switch).to_be_checked()
    before = stored(site)

    switch.press("Space")

    expect(tab.page.get_by_test_id("stash-toast")).to_contain_text("saved")
    assert stored(site) == {**before, "b_strict_matching": False}
    tab.page.reload()
    expect(tab.part("settings").get_by_label("Strict matching")).not_to_be_checked()
    tab.button("Reset Strict matching to default: on").click()
    expect(switch).to_be_checked()
    wait_for(lambda: "b_strict_matching" not in stored(site), "the row is deleted")


def test_a_bad_number_stands_beside_its_field(tab: Tab, site: ProcessHarness, place: str) -> None:
    tab.open(place)
    row = tab.page.locator("[data-setting=max_tags]")
    field = row.get_by_label("Maximum tags")
    before = stored(site)

    field.fill("1001")
    expect(row.get_by_role("alert")).to_contain_text("From 1 to 1000 tags.")
    field.press("Enter")
    field.fill("7")
    expect(row.get_by_role("alert")).to_be_hidden()
    field.press("Enter")

    expect(row.get_by_role("button", name="Reset Maximum tags")).to_be_visible()
    wait_for(lambda: "c_max_tags" in stored(site), "the number is saved")
    assert stored(site) == {**before, "c_max_tags": 7}


def test_a_bad_text_is_refused_before_it_is_saved(tab: Tab, site: ProcessHarness) -> None:
    tab.open("/plexsync?tab=settings")
    row = tab.page.locator("[data-setting=match_overrides]")
    before = stored(site)

    row.get_by_label("Match overrides").fill("scene one => item two")
    row.get_by_role("button", name="Save").click()

    expect(row.get_by_role("alert")).to_contain_text("scene 42 => item 9137")
    assert stored(site) == before


def test_a_choice_is_a_list(tab: Tab, site: ProcessHarness, place: str) -> None:
    tab.open(place)

    tab.part("settings").get_by_label("Reconcile interval").select_option("weekly")

    expect(tab.page.get_by_test_id("stash-toast")).to_contain_text("saved")
    assert stored(site)["d_reconcile_interval"] == "weekly"


def test_old_spellings_go_with_the_first_save(tab: Tab, site: ProcessHarness) -> None:
    site.configure(maxTags=20, max_tags=30, tagID_7="of another plugin")
    tab.open("/plexsync?tab=settings")
    field = tab.part("settings").get_by_label("Maximum tags")
    expect(field).to_have_value("30")

    field.fill("8")
    field.press("Enter")

    wait_for(lambda: stored(site).get("c_max_tags") == 8, "the number is saved")
    assert not {"maxTags", "max_tags"} & stored(site).keys()
    assert stored(site)["tagID_7"] == "of another plugin"


def test_two_tabs_lose_nothing_of_each_other(open_tab: OpenTab, site: ProcessHarness) -> None:
    """Both were opened before the other saved, and one stands on Stash's own page."""
    first, second = (open_tab().open(place) for place in PLACES)
    for tab in (first, second):
        expect(tab.part("settings").get_by_label("Debug logging")).to_be_visible()

    first.part("settings").get_by_label("Debug logging").press("Space")
    second.part("settings").get_by_label("JSON log").press("Space")
    for tab in (first, second):
        expect(tab.page.get_by_test_id("stash-toast")).to_contain_text("saved")
    first.part("settings").get_by_label("Strip emoji").press("Space")

    wait_for(lambda: stored(site).get("c_strip_emoji") is True, "the third save is stored")
    assert stored(site)["e_log_debug"] is True
    assert stored(site)["e_log_json"] is True


def test_an_old_map_that_stash_writes_back_does_no_harm(
    open_tab: OpenTab, site: ProcessHarness, tmp_path: Path
) -> None:
    """A switch of another plugin sends the maps of all plugins as Stash's page knows them."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "Other.yml").write_text(OTHER_PLUGIN, encoding="utf-8")
    site.stash.install_plugin(tmp_path / "other", "Other")
    scene = site.scene(title="One")
    old, page = open_tab().open("/settings"), open_tab().open("/plexsync?tab=settings")
    expect(old.page.get_by_label("Loud")).to_be_attached()
    page.part("by-hand").get_by_label("Plex token", exact=True).fill(TOKEN)
    page.part("by-hand").get_by_role("button", name="Save").click()
    expect(page.page.get_by_test_id("stash-toast")).to_contain_text("data folder")
    expect(page.part("token")).to_have_attribute("data-state", "file")
    assert TOKEN not in str(stored(site))

    old.page.get_by_label("Loud").press("Space")
    wait_for(lambda: TOKEN in str(stored(site)), "Stash has written the old map")
    page.page.reload()

    expect(page.part("token")).to_have_attribute("data-state", "file")
    site.edit(scene, title="Two")
    wait_for(lambda: site.item().title == "Two", "Plex shows the title")


def test_a_settings_page_of_another_plugin_is_left_alone(tab: Tab) -> None:
    tab.open("/settings")

    expect(tab.part("settings")).to_have_count(1)


def test_unknown_keys_are_named_as_text(tab: Tab, site: ProcessHarness) -> None:
    site.configure(**{"<img src=x onerror=alert(1)>": 1})
    tab.open("/plexsync?tab=settings")

    expect(tab.part("unknown")).to_contain_text("<img src=x onerror=alert(1)>")


def test_libraries_are_check_boxes(tab: Tab, site: ProcessHarness, place: str) -> None:
    site.plex.library.add_section("Films, Shorts", ["/films"])
    tab.open(place)
    part = tab.part("libraries")
    expect(part.get_by_label("All libraries")).to_be_checked()

    part.get_by_label("Only these").check()
    part.get_by_role("button", name="Save libraries").click()
    expect(part.get_by_role("alert")).to_contain_text("at least one")
    part.get_by_label("Films, Shorts").check()
    part.get_by_role("button", name="Save libraries").click()

    wait_for(lambda: "a_plex_libraries" in stored(site), "the choice is saved")
    assert stored(site)["a_plex_libraries"] == '"Films, Shorts"'
    tab.page.reload()
    expect(part.get_by_label("Films, Shorts")).to_be_checked()
    expect(part.get_by_label("Scenes")).not_to_be_checked()


def test_a_mapping_the_wrong_way_round_is_turned(tab: Tab, site: ProcessHarness) -> None:
    site.configure(b_path_map="")
    for year in (2023, 2024):
        site.scene(f"{year}/video.mp4")
    tab.open("/plexsync?tab=settings")
    part = tab.part("paths")

    part.get_by_role("button", name="Add a pair").click()
    part.get_by_label("Folder in Stash, pair 1").fill("/media")
    part.get_by_label("Folder in Plex, pair 1").fill("/data")
    part.get_by_role("button", name="Check").click()
    part.get_by_role("button", name="Turn the pairs").click()
    part.get_by_role("button", name="Check").click()

    expect(tab.part("check-result")).to_contain_text("2 with this one")
    part.get_by_role("button", name="Save mapping").click()
    wait_for(lambda: stored(site).get("b_path_map") == "/data => /media", "the mapping is saved")


@BOTH_WIDTHS
def test_library_rules_are_a_table(tab: Tab, site: ProcessHarness) -> None:
    tab.open("/plexsync?tab=settings")
    part = tab.part("rules")
    expect(part).to_contain_text("No rule is set.")
    before = stored(site)

    part.get_by_role("button", name="Add a rule").click()
    part.get_by_label("Library, rule 1").fill("Scenes")
    part.get_by_label("Setting, rule 1").select_option("max_tags")
    expect(part.get_by_label("Value, rule 1")).to_have_value("100")
    part.get_by_label("Value, rule 1").fill("5")
    part.get_by_role("button", name="Add a rule").click()
    part.get_by_label("Library, rule 2").fill("Elsewhere")
    part.get_by_label("Setting, rule 2").select_option("sync_studio")
    part.get_by_label("Value, rule 2").select_option("off")
    expect(part.get_by_test_id("plexsync-rule").nth(1)).to_contain_text("Plex has no library")
    part.get_by_role("button", name="Save rules").click()

    expect(tab.page.get_by_test_id("stash-toast")).to_contain_text("saved")
    rules = json.dumps({"Scenes": {"max_tags": 5}, "Elsewhere": {"sync_studio": False}})
    assert stored(site) == {**before, "b_library_rules": rules}
    tab.page.reload()
    part.get_by_role("button", name="Remove rule 2").click()
    part.get_by_role("button", name="Remove rule 1").click()
    part.get_by_role("button", name="Save rules").click()
    wait_for(lambda: "b_library_rules" not in stored(site), "the rules are deleted")


def test_a_bad_library_rule_shows_its_error_at_its_row(tab: Tab, site: ProcessHarness) -> None:
    site.configure(b_library_rules=json.dumps({"Scenes": {"plex_url": "x", "max_tags": 3}}))
    tab.open("/plexsync?tab=settings")
    rows = tab.part("rules").get_by_test_id("plexsync-rule")
    expect(rows.nth(0).get_by_role("alert")).to_contain_text("a library rule cannot set it")
    expect(rows.nth(1).get_by_role("alert")).to_have_count(0)
    before = stored(site)

    rows.nth(0).get_by_role("button", name="Remove rule 1").click()
    rows.nth(0).get_by_label("Value, rule 1").fill("1001")
    tab.part("rules").get_by_role("button", name="Save rules").click()

    expect(rows.nth(0).get_by_role("alert")).to_contain_text("From 1 to 1000 tags")
    assert stored(site) == before
