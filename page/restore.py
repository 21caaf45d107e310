"""Answer the call that counts what *Restore Plex Values* would put back."""

from page.models.base import Confirmed, NoArguments
from tasks.context import TaskContext
from tasks.restore import count_restorable


def count_items(context: TaskContext, arguments: NoArguments) -> Confirmed:
    """Return the number that the page shows before it starts the task with it."""
    return Confirmed(count=count_restorable(context), is_done=False)
