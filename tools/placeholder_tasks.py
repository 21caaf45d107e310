"""Stands in for `tasks.py` until that exists; then `tools/tables.py` imports TASKS from there instead."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TaskRow:
    """What the manifest needs of a task."""

    name: str
    description: str
    mode: str


TASKS = (
    TaskRow("Process Queue", "Make sure that waiting changes are worked off, and follow the work.", "process"),
    TaskRow("View Queue Status", "Show what is waiting, why it waits, and what failed.", "status"),
    TaskRow("Sync All", "Put every scene into the queue.", "sync_all"),
)
