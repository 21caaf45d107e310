"""Write what several items of a batch have in common with one request, before the jobs.

This only saves requests: what fails here, or is not shared, is written by each job itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from core.calls import Steps, call
from core.errors import PlexError, reason_of
from core.fields import Kind, RemovalRule
from core.log import EventLog
from core.plex_item import PlexItem
from plex.client import PlexClient
from plex.edit_request import edit_targets, fit_text
from plex.names import names_of, names_without
from plex.plan import Change
from plex.sharing import SharedEdit, shared_edits, shows_appending
from sync.capabilities import SHORT_LIMITS, ServerCapabilities
from sync.edit_sender import EditSender
from sync.library_settings import LibrarySettings
from sync.plan_items import PlannedItem

Plans = Mapping[int, tuple[Change, ...]]
"""What must be written, by rating key."""
Items = Mapping[int, PlexItem]


class SharedEditWriter:
    """Finds and writes the edits that serve several items of one library."""

    def __init__(
        self,
        plex: PlexClient,
        capabilities: ServerCapabilities,
        sender: EditSender,
        log: EventLog,
        libraries: LibrarySettings,
    ) -> None:
        self._plex = plex
        self._capabilities = capabilities
        self._sender = sender
        self._log = log
        self._libraries = libraries

    def write_shared(self, planned: Sequence[PlannedItem]) -> Steps[frozenset[int]]:
        """Write the shared edits; return the rating keys of the items that are done."""
        if len(planned) < 2:
            return frozenset()
        by_key = {plan.item.rating_key: plan for plan in planned}
        plans = {plan.item.rating_key: plan.changes for plan in planned}
        items = {plan.item.rating_key: plan.item for plan in planned}
        written: set[int] = set()
        failed: set[int] = set()
        for by_difference in self._strategies(plans, items):
            rest = {key: plans[key] for key in plans if key not in written | failed}
            for edit in shared_edits(rest, items, by_difference=by_difference):
                if not _fits_one_request(edit):
                    continue
                safe = [items[key] for key in edit.items if not self._could_lose_names(by_key[key])]
                if edit.is_difference and not (yield from self._is_proven(edit, safe)):
                    continue
                is_done = yield from self._send(edit)
                (written if is_done else failed).update(edit.items)
        return frozenset(written)

    def _strategies(self, plans: Plans, items: Items) -> tuple[bool, bool]:
        """Return whether to share differences first, and the other way second.

        Where the server may append, a renamed tag is one request for all items instead of one for
        each set of names that some of them have in common.
        """
        if self._capabilities.appends(self._plex.machine_identifier()) is False:
            return (False, True)
        by_difference = _count_requests(shared_edits(plans, items, by_difference=True), plans)
        by_value = _count_requests(shared_edits(plans, items, by_difference=False), plans)
        first = by_difference < by_value
        return (first, not first)

    def _is_proven(self, edit: SharedEdit, safe: Sequence[PlexItem]) -> Steps[bool]:
        """Return True if this server appends; if that is not known yet, try it on a safe item.

        Where a server turns out to replace, the item's own job sends its full list in the same
        batch.
        """
        server = self._plex.machine_identifier()
        known = self._capabilities.appends(server)
        if known is not None:
            return known
        if not safe:
            return False
        appends = yield from self._try_on(edit, safe[0])
        if appends is not None:
            self._capabilities.set_appends(server, appends)
            self._log.info("plex.tag_mode", append=appends)
        return appends is True

    def _try_on(self, edit: SharedEdit, item: PlexItem) -> Steps[bool | None]:
        """Send the edit to one item; return whether Plex appended, None if that cannot be seen."""
        key = item.rating_key
        try:
            if not (yield from self._send(replace(edit, items=(key,)))):
                return None
            items = yield from call(partial(self._plex.items, edit.section, [key]))
        except PlexError:
            return None
        after = items.get(key)
        return shows_appending(edit, item, after) if after is not None else None

    def _could_lose_names(self, plan: PlannedItem) -> bool:
        """Return True if a trial could remove names that Stash lacks and that must stay.

        A kill after the trial would make the loss final. Names that the scene has are sent again.
        """
        rules = self._libraries.rules_of(plan.item.section)
        for change in plan.changes:
            field = change.field
            if field.kind is not Kind.NAMES or not change.value:
                continue
            if rules.preserve_plex_edits or field.removal_rule is RemovalRule.OWN_ONLY:
                ours = (*names_of(plan.desired.get(field.name)), *change.remove)
                if names_without(plan.item.values.get(field.name), ours):
                    return True
        return False

    def _send(self, edit: SharedEdit) -> Steps[bool]:
        try:
            yield from self._sender.send_targets(
                edit_targets(edit.section, edit.items, edit.changes, SHORT_LIMITS)
            )
        except PlexError as error:
            self._log.info("shared_edit.failed", items=len(edit.items), reason=reason_of(error))
            return False
        fields = [change.field.name for change in edit.changes]
        self._log.info("shared_edit.done", items=len(edit.items), fields=fields)
        return True


def _count_requests(edits: Sequence[SharedEdit], plans: Plans) -> int:
    """Return how many requests write these edits and each of the other items alone."""
    changed = sum(1 for changes in plans.values() if changes)
    return len(edits) + changed - sum(len(edit.items) for edit in edits)


def _fits_one_request(edit: SharedEdit) -> bool:
    """Return True if no text would be cut and no list of names sent in parts.

    Of a list in parts a server that replaces would keep the last part only.
    """
    for change in edit.changes:
        if isinstance(change.value, str) and fit_text(change.value, SHORT_LIMITS) != change.value:
            return False
        if len(edit_targets(edit.section, edit.items[:1], (change,), SHORT_LIMITS)) != 1:
            return False
    return True
