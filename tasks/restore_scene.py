"""Put back what the items of one scene showed before PlexSync's first write."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.calls import run_here
from core.errors import PlexError
from core.job import scene_subject
from sync.item_restorer import EDITED, GONE, REFUSED, RESTORED
from sync_queue.job_list import JobList
from sync_queue.overrides import ANY_SERVER, NEVER_ITEM, Override, OverrideRows
from sync_queue.shown_number import was_shown
from sync_queue.store import JobStore
from tasks.context import TaskContext, TaskFailed, plex_failure
from validation.config import PlexSyncConfig


@dataclass(frozen=True, slots=True)
class RestoredScene:
    """What became of the scene's items: `count` of them, in all or by result."""

    count: int
    is_done: bool
    counts: Mapping[str, int]

    def text(self) -> str:
        """Return the result for the user; "" if nothing was done."""
        if not self.is_done:
            return ""
        if not self.count:
            return "PlexSync has written no item of this scene, so there is nothing to put back."
        parts = [f"{self.counts[RESTORED]} of {self.count} items put back"]
        if self.counts[EDITED]:
            parts.append(f"{self.counts[EDITED]} keep what was edited in Plex since")
        if self.counts[GONE]:
            parts.append(f"{self.counts[GONE]} are gone from Plex")
        if self.counts[REFUSED]:
            parts.append(f"{self.counts[REFUSED]} refused by Plex")
        never = "The scene is never synced from now on; remove that under Overrides to undo it."
        return f"{', '.join(parts)}. {never}"


def restore_scene(
    context: TaskContext, scene_id: int, file: tuple[str, str], shown: int | None
) -> RestoredScene:
    """Restore the items that were written for one scene, and never sync it from now on.

    Args:
        context: what a task works with.
        scene_id: the scene.
        file: path and oshash of its file, "" if unknown.
        shown: the number of items that the user was shown; nothing is done if there are more, or
            if it is None.

    Raises:
        TaskFailed: the scene is being synced, the setting Match overrides names it, or Plex failed.
    """
    stash = context.stash_client()
    config = context.config(stash)
    with context.store() as store:
        ctx = context.build_sync_context(config, stash, store)
        try:
            server = ctx.plex.machine_identifier()
            page = ctx.records.kept_items(scene_id, server)
            if not page or not was_shown(len(page), shown):
                return RestoredScene(len(page), is_done=not page, counts={})
            _require_idle(context, store, scene_id)
            _require_no_setting(config, scene_id)
            never = Override(scene_id, ANY_SERVER, NEVER_ITEM, *file, context.clock.wall())
            # Before the first write, so that no edit overwrites what is put back.
            OverrideRows(store).choose([never], context.clock.wall())
            restorer = ctx.restorer(server)
            run_here(restorer.restore_page(page))
            return RestoredScene(len(page), is_done=True, counts=restorer.counts)
        except PlexError as error:
            raise plex_failure(error) from error
        finally:
            ctx.close()


def _require_idle(context: TaskContext, store: JobStore, scene_id: int) -> None:
    """Raise TaskFailed while the scene is being synced: it would be written after this."""
    jobs = JobList(store, context.clock).of_subjects([scene_subject(scene_id)], 0, 2).jobs
    if any(job.is_running for job in jobs):
        raise TaskFailed(f"Scene {scene_id} is being synced. Try again in a moment.")


def _require_no_setting(config: PlexSyncConfig, scene_id: int) -> None:
    """Raise TaskFailed if the setting names the scene: it wins over "never sync"."""
    if scene_id in config.match_overrides:
        raise TaskFailed(
            f"The setting Match overrides names scene {scene_id}, so the next edit would "
            "overwrite what is put back. Remove it there first."
        )
