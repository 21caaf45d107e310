"""Settings, tasks, buttons and tabs have on the pages the names that the code gives them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from page.settings import GROUPS
from tasks.table import TASKS
from tests.harness.plugin_copy import ROOT
from tests.harness.sources import page_script
from validation.settings import SETTINGS

PAGES = sorted(path for path in (ROOT / "docs").glob("*.md") if path.name != "config.md")
# What stands in italics and is no name of PlexSync's: names of Stash, Plex, Python and other
# plugins, examples, and terms where they are explained.
OTHER_NAMES = {
    "ARCHITECTURE.md": {"background task", "pushed", "suspended"},
    "faq.md": {"No Plex item plays this scene's file", "organized"},
    "install.md": {
        "Add python.exe to PATH",
        "Check for updates",
        "Get Info > View XML",
        "Install",
        "Secure connections: Required",
        "Stash's machine or container",
        "Uninstall",
    },
    "matching.md": {"Mapped", "learns"},
    "outages.md": {"circuit breaker", "slow start"},
    "recipes.md": {"A new kind of field", "Choosing scenes"},
    "reconciliation.md": {"drifted", "orphaned"},
    "security.md": {
        "Account > Authorized Devices",
        "PlexSync (Stash)",
        "Refresh Metadata",
        "Sign out connected devices",
    },
    "troubleshoot.md": {"Preferred", "Secure connections", "Troubleshooting"},
    "ui.md": {
        "Account > Authorized Devices",
        "PlexSync (Stash)",
        "Reset to default",  # the button has the setting's name between its words
        "Stash2Plex",
    },
    "writing.md": {
        "Cam",
        "Clips",
        "Clothing",
        "Edit > Poster",
        "Network / Aurora",
        "Originally Available",
        "Studio:",
        "library rules",
    },
}
_CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)
_ITALIC = re.compile(r"(?<![\w*])\*([^*\n][^*]{0,60}?)\*(?![\w*])")


def names_in_italics(text: str) -> set[str]:
    """Return what stands in italics in Markdown, without code and bold text."""
    plain = _CODE.sub("", text).replace("**", "")
    return {" ".join(name.split()) for name in _ITALIC.findall(plain)}


def unknown_names(text: str) -> set[str]:
    """Return names in italics that no setting, task or text of the page has."""
    known = {setting.display_name for setting in SETTINGS} | {task.name for task in TASKS}
    script = script_text()
    return {
        name
        for name in names_in_italics(text) - known - set(GROUPS.values())
        # A path within Stash's own pages.
        if name not in script and not name.startswith("Settings > ")
    }


def script_text() -> str:
    """Return the source of the page's script with its line breaks as blanks."""
    return " ".join(page_script().split()).replace("&apos;", "'")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_names_on_a_page_are_those_of_the_code(page: Path) -> None:
    assert unknown_names(page.read_text("utf-8")) == OTHER_NAMES.get(page.name, set())


def test_a_button_of_another_name_is_found() -> None:
    text = "Press *Sync now* or *Synchronise now*, then set *Path mapping* and `*.py`."

    assert unknown_names(text) == {"Synchronise now"}
