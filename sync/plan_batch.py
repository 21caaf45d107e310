"""Plan each item of a batch once, and again where a plan became outdated."""

from collections.abc import Callable, Iterable

from core.plex_item import PlexItem
from stash.client import StashClient
from sync.batch import Batch, SceneJob, load_records
from sync.ownership import check_owners, unchecked_owners
from sync.plan_items import PlannedItem, PlanRules, plan_items, replan_item
from sync.record_adoption import inherit_records
from sync.scene_matcher import SceneMatcher
from sync.targets import writable_items
from validation.metadata import SyncMetadata


class BatchPlanner:
    """Plans the items that the scenes of a batch write.

    `plan_rules` returns the rules of this moment: the limits of the server may become known.
    """

    def __init__(
        self,
        matcher: SceneMatcher,
        stash: StashClient,
        plan_rules: Callable[[], PlanRules],
        *,
        strict: bool,
    ) -> None:
        self._matcher = matcher
        self._stash = stash
        self._plan_rules = plan_rules
        self._strict = strict

    def plan(self, batch: Batch, *, inherits: bool = True) -> None:
        """Plan each matched item for the scene that owns it.

        With `inherits`, scenes get the records that deleted scenes have left on their items.

        Raises:
            StashUnavailable: Stash did not say whether the scene that owns an item still exists.
        """
        writable = [
            (case, case.scene, writable_items(case, batch, self._matcher, strict=self._strict))
            for case in batch.cases.values()
            if case.scene is not None
        ]
        targets = [(scene.scene_id, item) for _, scene, items in writable for item in items]
        self._check_owners(batch, targets)
        if inherits:
            self._inherit_records(batch, targets)
        batch.records.mark_planned()
        if not any(items for _, _, items in writable):
            return
        batch.rules = self._plan_rules()
        for case, scene, items in writable:
            planned = plan_items(scene, items, batch.records, batch.ownership, batch.rules)
            case.planned = {plan.item.rating_key: plan for plan in planned}

    def plan_rematched(
        self, batch: Batch, case: SceneJob, scene: SyncMetadata, keys: Iterable[int]
    ) -> None:
        """Plan the items of a scene that was matched again; they were not planned before."""
        items = tuple(batch.items[key] for key in keys if key in batch.items)
        load_records(batch, [case])
        targets = [(scene.scene_id, item) for item in items]
        self._check_owners(batch, targets)
        self._inherit_records(batch, targets)
        rules = self._plan_rules()
        case.planned = {
            item.rating_key: replan_item(scene, item, batch.records, batch.ownership, rules)
            for item in items
        }

    def current_plan(self, batch: Batch, case: SceneJob, key: int) -> PlannedItem:
        """Return the item's plan; plan again if an earlier job of the batch made it outdated."""
        planned, scene_id = case.planned[key], case.job.scene_id
        if (scene_id, key) in batch.written:
            return planned
        rules = self._plan_rules()
        # An earlier job may have found out that the server takes short requests only.
        has_other_limits = batch.rules is not None and batch.rules.limits != rules.limits
        if has_other_limits or batch.records.changed_by_other(scene_id, key):
            return replan_item(planned.scene, planned.item, batch.records, batch.ownership, rules)
        return planned

    def _check_owners(self, batch: Batch, targets: Iterable[tuple[int, PlexItem]]) -> None:
        unchecked: set[int] = set()
        for scene_id, item in targets:
            unchecked |= unchecked_owners(scene_id, item, batch.records, batch.ownership)
        if unchecked:
            check_owners(self._stash, batch.ownership, unchecked)

    def _inherit_records(self, batch: Batch, targets: Iterable[tuple[int, PlexItem]]) -> None:
        for scene_id, item in targets:
            inherit_records(scene_id, item, batch.records, batch.ownership)
