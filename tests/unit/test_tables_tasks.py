"""The tasks that Stash shows are the rows of the task table, with the same mode."""

from __future__ import annotations

from typing import Any

import yaml

from hooks.operations import SAY, WAKE
from tasks.table import TASKS
from tests.harness.plugin_copy import ROOT
from validation.settings import GROUPS, SETTINGS

MANIFEST: dict[str, Any] = yaml.safe_load((ROOT / "PlexSync.yml").read_text(encoding="utf-8"))


def test_manifest_tasks_and_table_rows_are_the_same() -> None:
    shown = [(task["name"], task["description"], task["defaultArgs"]) for task in MANIFEST["tasks"]]

    assert shown == [(task.name, task.description, {"mode": task.mode}) for task in TASKS]


def test_no_task_takes_the_mode_of_an_operation() -> None:
    assert {WAKE, SAY}.isdisjoint(task.mode for task in TASKS)


def test_the_settings_page_follows_the_order_of_the_table() -> None:
    keys = list(MANIFEST["settings"])

    assert keys == [setting.key for setting in SETTINGS]
    assert [key[0] for key in keys] == sorted(key[0] for key in keys)
    assert {key[0] for key in keys} == set(GROUPS)
