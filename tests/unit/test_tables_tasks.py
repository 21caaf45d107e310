"""The buttons that Stash shows are the rows of the task table, and each calls what its row says."""

from __future__ import annotations

from typing import Any

import yaml

from hooks.operations import SAY, WAKE
from tasks.table import TASKS
from tests.support import ROOT
from validation.settings import GROUPS, SETTINGS

MANIFEST: dict[str, Any] = yaml.safe_load((ROOT / "PlexSync.yml").read_text(encoding="utf-8"))


def test_every_button_calls_a_row_and_every_row_has_its_button() -> None:
    buttons = [
        (task["name"], task["description"], task["defaultArgs"]) for task in MANIFEST["tasks"]
    ]

    assert buttons == [(task.name, task.description, {"mode": task.mode}) for task in TASKS]


def test_no_button_takes_the_mode_of_an_operation() -> None:
    assert {WAKE, SAY}.isdisjoint(task.mode for task in TASKS)


def test_the_settings_page_follows_the_order_of_the_table() -> None:
    keys = list(MANIFEST["settings"])

    assert keys == [setting.key for setting in SETTINGS]
    assert [key[0] for key in keys] == sorted(key[0] for key in keys)
    assert {key[0] for key in keys} == set(GROUPS)
