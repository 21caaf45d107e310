"""Answer the calls about one scene."""

from dataclasses import dataclass

from core.errors import PlexError
from core.job import PRIORITY_EDIT, SYNC_NOW, scene_subject
from core.match import CandidateEntry
from core.text import pluralize
from page.candidates import candidate_rows
from page.causes import cause_texts
from page.dead_letters import message_of
from page.links import PlexLinks, links_of
from page.models.base import Confirmed, Done
from page.models.scene import ChooseScene, ItemRow, RestoreScene, SceneAnswer, SceneState
from page.overrides import chosen_item, first_files
from page.reasons import reason_text
from page.scene_fields import field_rows
from page.unread_library import unread_library
from plex.finder import Finder
from stash.client import StashClient
from sync.plan_items import PlannedItem
from sync.preview import Preview, preview
from sync_queue.chosen_dead_letters import page_of_subjects
from sync_queue.dead_letters import DeadLetter
from sync_queue.job_list import JobList, QueuedJob
from sync_queue.originals import Originals
from sync_queue.store import JobStore
from tasks.context import TaskContext, missing_text
from tasks.restore_scene import restore_scene as restore
from validation.config import PlexSyncConfig

NOT_READ = (
    "PlexSync has not read the library '{library}' yet. Sync a scene, or run the task Health "
    "Check one time, then reload this page."
)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the queue knows of a scene: its job and its dead letter, None for none."""

    job: QueuedJob | None
    dead_letter: DeadLetter | None


@dataclass(frozen=True, slots=True)
class _Seen:
    """What both servers show now: None and a problem if Plex cannot be asked."""

    preview: Preview | None
    items: tuple[ItemRow, ...] = ()
    problem: str = ""


def show_scene(context: TaskContext, arguments: ChooseScene) -> SceneAnswer:
    """Return the scene's state, its items and what a sync would write; change nothing.

    Raises:
        TaskFailed, StashUnavailable, StashQueryError: Stash cannot be asked.
    """
    stash, scene = context.stash_client(), arguments.scene
    config = context.read_settings(stash).config
    with context.store() as store:
        known, links = _known(context, store, scene), links_of(config, store)
        if config.missing_required():
            seen = _Seen(None, problem=missing_text(config.missing_required()))
        else:
            seen = _look(context, config, stash, store, scene)
        item, source = chosen_item(store, config.match_overrides, scene, links.server)
    state, text = _state(known, seen)
    return SceneAnswer(
        scene=scene,
        state=state,
        text=text,
        items=seen.items,
        candidates=candidate_rows(_candidates(known, seen), links),
        override=item,
        override_source=source,
        problem=seen.problem,
    )


def sync_scene(context: TaskContext, arguments: ChooseScene) -> Done:
    """Enqueue the scene as urgent, and make sure that a worker processes it."""
    with context.store() as store:
        store.enqueue(scene_subject(arguments.scene), SYNC_NOW, PRIORITY_EDIT)
    context.try_start_worker()
    return Done(text=f"Scene {arguments.scene} is synced next.")


def restore_scene(context: TaskContext, arguments: RestoreScene) -> Confirmed:
    """Put back what the scene's items showed before PlexSync, and never sync the scene again.

    Raises:
        TaskFailed: it cannot be done now; the text says why.
    """
    files = first_files(context.stash_client(), [arguments.scene])
    file = files.get(arguments.scene, ("", ""))
    result = restore(context, arguments.scene, file, arguments.confirm)
    return Confirmed(count=result.count, is_done=result.is_done, text=result.text())


def _known(context: TaskContext, store: JobStore, scene: int) -> _Known:
    subjects = [scene_subject(scene)]
    jobs = JobList(store, context.clock).of_subjects(subjects, 0, 1).jobs
    dead_letters = page_of_subjects(store, subjects, "", 0, 1).dead_letters
    return _Known(next(iter(jobs), None), next(iter(dead_letters), None))


def _look(
    context: TaskContext, config: PlexSyncConfig, stash: StashClient, store: JobStore, scene: int
) -> _Seen:
    """Return what a sync would do now, under settings that are complete."""
    ctx = context.build_sync_context(config, stash, store)
    try:
        ctx.finder.load_sections()
        unread = unread_library(ctx.plex, ctx.finder.unlisted)
        if unread is not None:
            return _Seen(None, problem=NOT_READ.format(library=unread[0]))
        (seen,) = preview(ctx, [scene])
        server = ctx.plex.machine_identifier() if seen.planned else ""
        view = _ItemView(
            config, PlexLinks(config.plex_url, server), ctx.finder, ctx.records.originals
        )
        return _Seen(seen, tuple(view.row(seen.reason, plan) for plan in seen.planned))
    except PlexError as error:
        return _Seen(None, problem=f"Plex cannot be asked: {error}. {error.advice}")
    finally:
        ctx.close()


@dataclass(frozen=True, slots=True)
class _ItemView:
    """What an item is shown with."""

    config: PlexSyncConfig
    links: PlexLinks
    finder: Finder
    originals: Originals

    def row(self, reason: str, plan: PlannedItem) -> ItemRow:
        """Return one item; `reason` says why the scene was matched with it."""
        item, section = plan.item, self.finder.section_of(plan.item.section)
        if plan.owner is not None:
            reason += f"; the item also plays scene {plan.owner}, which is the one that is shown"
        library = section.title if section is not None else ""
        return ItemRow(
            item=item.rating_key,
            title=item.title,
            library=library,
            link=self.links.item(item.rating_key),
            reason=reason,
            fields=field_rows(plan.scene, plan, self.config.for_library(library)),
            can_restore=bool(self.originals.of_item(self.links.server, item.rating_key)),
        )


def _candidates(known: _Known, seen: _Seen) -> tuple[CandidateEntry, ...]:
    """Return what was looked at now, else when the scene failed."""
    if seen.preview is not None:
        return seen.preview.looked_at
    return known.dead_letter.looked_at if known.dead_letter is not None else ()


def _state(known: _Known, seen: _Seen) -> tuple[SceneState, str]:
    """Return the state and its text: what the queue knows comes first."""
    if known.job is not None:
        return _job_state(known.job)
    if known.dead_letter is not None:
        return "dead_letter", _dead_letter_text(known.dead_letter)
    if seen.preview is None:
        return "none", "It is not known whether Plex shows the scene as it is."
    if seen.preview.is_left_out:
        return "left_out", f"PlexSync leaves the scene alone: {seen.preview.problem}."
    if seen.preview.problem:
        return "none", f"{seen.preview.problem.rstrip('.')}. {seen.preview.hint}".strip()
    if seen.preview.fields:
        count = pluralize(len(seen.preview.fields), "field")
        return "differs", f"Plex shows other values in {count}. Sync the scene to write them."
    return "in_step", "Plex shows the scene as it is in Stash."


def _job_state(job: QueuedJob) -> tuple[SceneState, str]:
    if job.is_running:
        return "running", "The scene is being synced."
    why = reason_text(job.reason).label or f"{', '.join(cause_texts(job.cause))}."
    return "waiting", f"The scene waits in the queue: {why}"


def _dead_letter_text(dead_letter: DeadLetter) -> str:
    text = reason_text(dead_letter.reason)
    return f"{message_of(dead_letter) or text.label} {text.action}".strip()
