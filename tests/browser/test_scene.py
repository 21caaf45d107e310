"""The tab on a scene's page, and the marks on scene cards."""

from __future__ import annotations

from tests.browser.fill import MARKUP, ambiguous_scene
from tests.harness.browser import BOTH_WIDTHS, Tab, expect
from tests.harness.processes import ProcessHarness
from tests.harness.waiting import wait_for

OPERATION = "runPluginOperation"


def open_scene(tab: Tab, scene: int) -> None:
    """Open the tab of a scene's page."""
    tab.open(f"/scenes/{scene}")
    tab.page.get_by_role("tab", name="Plex").click()


def test_the_tab_shows_field_by_field_and_syncs(tab: Tab, site: ProcessHarness) -> None:
    scene = site.scene(title=MARKUP, details="What it is about")
    open_scene(tab, scene)
    title = tab.part("scene").get_by_role("row").filter(has_text="Title").first
    expect(title).to_contain_text(MARKUP)
    expect(tab.part("scene-state")).to_have_attribute("data-state", "differs")

    tab.button("Sync now").click()
    wait_for(lambda: site.item().title == MARKUP, "Plex shows the title")
    tab.button("Look again").click()

    expect(tab.part("scene-state")).to_have_attribute("data-state", "in_step")
    expect(title).to_contain_text("PlexSync")
    link = tab.part("item").get_by_role("link", name="Open in Plex")
    assert str(site.item().rating_key) in str(link.get_attribute("href"))


def test_never_sync_is_chosen_and_taken_back(tab: Tab, site: ProcessHarness) -> None:
    scene = site.scene(title="One")
    open_scene(tab, scene)

    tab.button("Never sync").click()
    expect(tab.part("override")).to_contain_text("never synced")
    site.edit(scene, title="Two")
    site.wait_until_drained()
    before = site.item().title
    tab.button("Match by file again").click()

    wait_for(lambda: site.item().title == "Two", "Plex shows the title")
    assert before != "Two"
    expect(tab.part("override")).to_be_hidden()


@BOTH_WIDTHS
def test_another_item_is_chosen_on_the_scene(tab: Tab, site: ProcessHarness) -> None:
    scene = ambiguous_scene(site)
    open_scene(tab, scene)
    expect(tab.part("scene-state")).to_have_attribute("data-state", "dead_letter")

    tab.part("scene").get_by_role("button", name="Match with this item: /media/y/a.mp4").click()

    wait_for(lambda: site.item("y/a.mp4").title == "Which one", "Plex shows the title")


def test_plex_gets_its_own_values_back(tab: Tab, site: ProcessHarness) -> None:
    scene = site.scene(title="Of Stash")
    site.item().title = "Of Plex"
    site.edit(scene, title="Written")
    site.wait_until_drained()
    open_scene(tab, scene)

    tab.button("Restore Plex's values").click()
    text = tab.confirm("Restore")

    assert "1 item" in text
    wait_for(lambda: site.item().title == "Of Plex", "Plex shows its own title again")
    expect(tab.part("override")).to_contain_text("never synced")


def test_marks_are_asked_together_and_never_polled(tab: Tab, site: ProcessHarness) -> None:
    failed = ambiguous_scene(site)
    for number in range(10):
        site.scene(f"{number}.mp4", title=f"Scene {number}")
    site.wait_until_drained()
    asked: list[str] = []
    tab.page.on(
        "request",
        lambda request: (
            asked.append(request.post_data or "")
            if '"scene_states"' in (request.post_data or "")
            else None
        ),
    )
    tab.page.clock.install()
    tab.open("/scenes")
    expect(tab.page.locator(".scene-card")).to_have_count(11)
    tab.page.clock.run_for(100)

    expect(tab.part("mark")).to_have_count(1)
    expect(tab.part("mark")).to_have_attribute("data-state", "failed")
    assert len(asked) == 1
    assert f"{failed}" in asked[0]
    tab.page.clock.run_for(600_000)
    assert len(asked) == 1
    tab.set_hidden(True)
    tab.set_hidden(False)
    tab.page.clock.run_for(100)
    wait_for(lambda: len(asked) == 2, "the marks are asked for again")


def test_marks_can_be_switched_off(tab: Tab, site: ProcessHarness) -> None:
    ambiguous_scene(site)
    tab.open("/plexsync?tab=settings")
    tab.part("settings").get_by_label("Marks on scene cards").press("Space")

    tab.open("/scenes")

    expect(tab.page.locator(".scene-card")).to_have_count(1)
    expect(tab.part("mark")).to_have_count(0)
