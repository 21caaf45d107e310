"""docs/tasks.md tells of every task what the table says, and shows what it really said."""

import re
from pathlib import Path

import pytest

from tasks import TASKS, Task

DOCS = Path(__file__).resolve().parent.parent.parent.parent / "docs"
PAGE = (DOCS / "tasks.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("task", TASKS, ids=[task.mode for task in TASKS])
def test_every_task_has_its_part_of_the_page(task: Task) -> None:
    part = PAGE.partition(f"\n## {task.name}\n")[2].partition("\n## ")[0]

    assert task.description in part
    assert f"Mode: `{task.mode}`." in part
    assert re.search(r"```text\n(Info|Warning|Error): ", part)
    assert 'Its answer: `{"' in part


def test_the_page_tells_of_no_task_that_does_not_exist() -> None:
    assert re.findall(r"^## (.+)$", PAGE, re.MULTILINE) == [task.name for task in TASKS]


def test_the_page_is_found_from_the_first_one() -> None:
    assert "(tasks.md)" in (DOCS / "index.md").read_text(encoding="utf-8")
