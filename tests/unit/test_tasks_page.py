"""docs/tasks.md holds the output of every task; runs differ, so only its form is checked."""

from __future__ import annotations

import pytest

from tasks.table import TASKS, Task
from tests.harness.plugin_copy import ROOT
from tools.generate_tasks_page import INTRODUCTION

PAGE = (ROOT / "docs" / "tasks.md").read_text(encoding="utf-8")
SECTIONS = dict(part.partition("\n")[::2] for part in PAGE.split("\n## ")[1:])


@pytest.mark.parametrize("task", TASKS, ids=[task.mode for task in TASKS])
def test_every_task_has_its_section_mode_and_output(task: Task) -> None:
    section = SECTIONS[task.name]

    assert task.description in section
    assert f"Mode: `{task.mode}`." in section
    assert "```text\nInfo: " in section or "```text\nWarning: " in section
    assert 'Its answer: `{"output": ' in section


def test_the_page_has_the_tasks_in_the_order_of_the_table() -> None:
    assert list(SECTIONS) == [task.name for task in TASKS]
    assert PAGE.startswith(INTRODUCTION)
