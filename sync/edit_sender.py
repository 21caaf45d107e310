"""Send edits to Plex: as few requests as possible, none after a newer worker has taken over."""

from collections.abc import Callable, Sequence
from functools import partial

from core.calls import Steps, call
from core.errors import PlexRejected, PlexSyncError, PlexTemporaryError
from core.log import EventLog
from core.plex_item import PlexItem
from plex.client import PlexClient
from plex.edit_request import EditLimits, edit_targets
from plex.plan import Change
from sync.capabilities import ServerCapabilities


class EditSender:
    """Sends planned changes. `check_epoch` runs before every request and raises Fenced."""

    def __init__(
        self,
        plex: PlexClient,
        capabilities: ServerCapabilities,
        log: EventLog,
        check_epoch: Callable[[], None],
    ) -> None:
        self._plex = plex
        self._capabilities = capabilities
        self._log = log
        self._check_epoch = check_epoch

    def limits(self) -> EditLimits:
        """Return how long a request may be on this server.

        Raises:
            PlexError: Plex did not say which server it is.
        """
        return self._capabilities.limits(self._plex.machine_identifier())

    def send(self, item: PlexItem, changes: Sequence[Change]) -> Steps[None]:
        """Send the changes of one item together.

        Raises:
            PlexError: Plex took nothing, or not all of it.
        """
        names = tuple(change.field.name for change in changes)
        self._log.debug("step.send", item=item.rating_key, fields=names)
        targets = edit_targets(item.section, [item.rating_key], changes, self.limits())
        yield from self.send_targets(targets)

    def send_targets(self, targets: Sequence[str]) -> Steps[None]:
        """Send edit requests as they are.

        Raises:
            PlexError: Plex took nothing, or not all of it.
        """
        for target in targets:
            self._check_epoch()
            edit, begin = partial(self._plex.edit, target), partial(self._plex.begin_edit, target)
            yield from call(edit, is_write=True, begin=begin)

    def send_individually(self, item: PlexItem, changes: Sequence[Change]) -> Steps[dict[str, str]]:
        """Send each field in a request of its own and return the rejected ones with the reason.

        A date that Plex rejects must not keep the title from being written.

        Raises:
            PlexTemporaryError: Plex took no field at all, so the fields are not what is wrong.
        """
        failed: dict[str, str] = {}
        last: PlexSyncError | None = None
        for change in changes:
            try:
                yield from self.send(item, (change,))
            except (PlexRejected, PlexTemporaryError) as error:
                failed[change.field.name], last = str(error), error
        if isinstance(last, PlexTemporaryError) and len(failed) == len(changes):
            raise last
        return failed
