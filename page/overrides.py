"""Answer the calls about scenes that are matched by hand."""

from collections.abc import Mapping, Sequence
from typing import Literal

from core.errors import PlexError
from core.text import pluralize
from page.links import NO_LINKS, PlexLinks, links_of
from page.models.base import Done, NoArguments
from page.models.jobs import OverrideRow, OverridesAnswer, RemoveOverride, SetOverride
from stash.client import StashClient
from sync_queue.meta import SERVER, MetaStore
from sync_queue.overrides import ANY_SERVER, NEVER_ITEM, Override, OverrideRows
from sync_queue.store import JobStore
from tasks.context import TaskContext, TaskFailed, plex_failure
from validation.config import ConfigResult
from validation.metadata import parse_scene
from validation.settings import BY_NAME

SETTING = BY_NAME["match_overrides"].display_name
SCENES_PER_QUERY = 100


def list_overrides(context: TaskContext, arguments: NoArguments) -> OverridesAnswer:
    """Return every scene that is matched by hand: those of the setting, and those of the page."""
    settings = context.try_read_settings()
    setting = _setting(settings)
    with context.store() as store:
        rows = OverrideRows(store).all()
        links = NO_LINKS if settings is None else links_of(settings.config, store)
    shown = [_of_setting(scene, item, links) for scene, item in setting.items()]
    shown += [_of_page(row, setting, links) for row in rows]
    shown.sort(key=lambda row: (row.scene, row.source != "setting"))
    return OverridesAnswer(rows=tuple(shown))


def set_override(context: TaskContext, arguments: SetOverride) -> Done:
    """Match scenes with one item of Plex from now on, or never sync them.

    Raises:
        TaskFailed: Stash has none of the scenes, Plex does not have the item, or it is not known
            which server has it.
        StashUnavailable, StashQueryError: Stash cannot be asked for the files of the scenes.
    """
    stash, now = context.stash_client(), context.clock.wall()
    files = first_files(stash, arguments.scenes)
    if not files:
        raise TaskFailed("Stash has none of these scenes. Reload the page.")
    with context.store() as store:
        item = NEVER_ITEM if arguments.item is None else arguments.item
        server = ANY_SERVER if arguments.item is None else _server_of(context, stash, store, item)
        chosen = [
            Override(scene, server, item, path, oshash, now)
            for scene, (path, oshash) in files.items()
        ]
        OverrideRows(store).choose(chosen, now)
    if item != NEVER_ITEM:
        context.try_start_worker()
    what = "never synced" if item == NEVER_ITEM else f"matched with item {item}"
    return Done(
        text=f"{pluralize(len(files), 'scene')} {_be(len(files))} {what} from now on."
        + _winning_text(_setting(context.try_read_settings()), list(files))
    )


def remove_override(context: TaskContext, arguments: RemoveOverride) -> Done:
    """Match scenes by their files again, and sync them."""
    with context.store() as store:
        count = OverrideRows(store).remove(arguments.scenes, context.clock.wall())
    if count:
        context.try_start_worker()
    text = f"{pluralize(count, 'scene')} {_be(count)} matched by file again."
    return Done(text=text + _winning_text(_setting(context.try_read_settings()), arguments.scenes))


def chosen_item(
    store: JobStore, setting: Mapping[int, int], scene: int, server: str
) -> tuple[int | None, Literal["", "page", "setting"]]:
    """Return the item that was chosen for the scene, 0 for never, and where; None for none."""
    if scene in setting:
        return setting[scene], "setting"
    rows = [
        row
        for row in OverrideRows(store).all()
        if row.scene_id == scene and row.server in (ANY_SERVER, server)
    ]
    return (rows[-1].item, "page") if rows else (None, "")


def _setting(settings: ConfigResult | None) -> Mapping[int, int]:
    """Return the entries of the setting; {} if the settings are not known."""
    return {} if settings is None else settings.config.match_overrides


def first_files(stash: StashClient, scenes: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Return path and oshash of the first file of each scene that Stash has; "" for no file.

    Raises:
        StashUnavailable, StashQueryError: Stash cannot be asked.
    """
    distinct = list(dict.fromkeys(scenes))
    files = {}
    for start in range(0, len(distinct), SCENES_PER_QUERY):
        answers = stash.scenes(distinct[start : start + SCENES_PER_QUERY])
        for scene_id, answer in answers.items():
            if answer is not None:
                files[scene_id] = _first_file(answer)
    return files


def _first_file(answer: Mapping[str, object]) -> tuple[str, str]:
    try:
        scene = parse_scene(answer)
    except ValueError:
        # The scene's own job reports what is wrong with it.
        return "", ""
    return (scene.files[0].path, scene.files[0].oshash) if scene.files else ("", "")


def _server_of(context: TaskContext, stash: StashClient, store: JobStore, item: int) -> str:
    """Return the identifier of the server that has the item.

    If Plex does not answer, it is the server that was seen last: an item that turns out to be gone
    becomes a dead letter.

    Raises:
        TaskFailed: Plex does not have the item, or no server is known.
    """
    plex = context.build_plex(context.config(stash))
    try:
        server, sections = plex.machine_identifier(), plex.sections()
        # Plex serves every item through any library.
        if not sections or item not in plex.items(sections[0].key, [item]):
            raise TaskFailed(f"Plex has no item {item}. Choose another one.")
        return server
    except PlexError as error:
        known = MetaStore(store).get(SERVER)
        if not known:
            raise plex_failure(error) from error
        return known
    finally:
        plex.close()


def _winning_text(setting: Mapping[int, int], scenes: Sequence[int]) -> str:
    """Return which of the scenes the setting decides; "" for none."""
    named = [scene for scene in scenes if scene in setting]
    if not named:
        return ""
    names = ", ".join(map(str, named[:5])) + (", ..." if len(named) > 5 else "")
    return f" {SETTING} names {names} and wins; change it there."


def _be(count: int) -> str:
    return "is" if count == 1 else "are"


def _of_setting(scene: int, item: int, links: PlexLinks) -> OverrideRow:
    shown = item or None
    return OverrideRow(
        scene=scene,
        item=shown,
        link=links.item(shown),
        source="setting",
        chosen_at=0.0,
        is_shadowed=False,
        is_other_server=False,
    )


def _of_page(row: Override, setting: Mapping[int, int], links: PlexLinks) -> OverrideRow:
    item = None if row.is_never else row.item
    is_other = row.server not in (ANY_SERVER, links.server)
    return OverrideRow(
        scene=row.scene_id,
        item=item,
        link="" if is_other else links.item(item),
        source="page",
        chosen_at=row.chosen_at,
        is_shadowed=row.scene_id in setting,
        is_other_server=is_other,
    )
