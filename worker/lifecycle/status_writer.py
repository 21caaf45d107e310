"""Write the worker's status to its row whenever it changes."""

from sync_queue.meta import MetaStore, WorkerStatus


class StatusWriter:
    """Keeps the status of the worker of one epoch; `status` is None before the first write."""

    def __init__(self, meta: MetaStore, epoch: int) -> None:
        self._meta = meta
        self._epoch = epoch
        self._detail = ""
        self.status: WorkerStatus | None = None

    def set(self, status: WorkerStatus, detail: str = "") -> None:
        """Write the status unless it is the one that was written last."""
        if (status, detail) == (self.status, self._detail):
            return
        self.status, self._detail = status, detail
        self._meta.set_status(status, self._epoch, detail)
