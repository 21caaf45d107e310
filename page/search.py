"""Find items of Plex by their title or by the name of a file."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from xml.etree.ElementTree import Element

from core.errors import PlexError
from core.file_names import file_name
from core.match import PlexFile
from core.unicode_form import caseless
from page.links import PlexLinks, links_of
from page.models.scene import FoundItem, FoundItems, SearchItems
from plex.client import PlexClient, Section
from plex.finder import Finder
from plex.library_listing import files_of
from tasks.context import TaskContext, plex_failure

MAX_ITEMS = 50


def search_items(context: TaskContext, arguments: SearchItems) -> FoundItems:
    """Return items of the configured libraries: title matches first, then file names.

    File names are looked up in PlexSync's index; a library that it has not read yet is searched by
    title alone.

    Raises:
        TaskFailed: Plex does not answer, or a required setting is missing.
    """
    stash = context.stash_client()
    config = context.config(stash)
    with context.store() as store:
        ctx, links = context.build_sync_context(config, stash, store), links_of(config, store)
        try:
            ctx.finder.load_sections()
            found = {
                item.item: item
                for item in _by_title(ctx.plex, ctx.finder.sections, arguments.text, links)
            }
            files = _matching_files(ctx.finder.files(), arguments.text, found.keys())
            more = _by_file_name(ctx.plex, ctx.finder, files, links)
            found.update((item.item, item) for item in more)
        except PlexError as error:
            raise plex_failure(error) from error
        finally:
            ctx.close()
    items = tuple(found.values())
    return FoundItems(items=items[:MAX_ITEMS], has_more=len(items) > MAX_ITEMS)


def _by_title(
    plex: PlexClient, sections: Iterable[Section], text: str, links: PlexLinks
) -> Iterator[FoundItem]:
    wanted = caseless(text.strip())
    for section in sections:
        for video in plex.search_title(section.key, text, MAX_ITEMS + 1).videos:
            if wanted in caseless(video.get("title", "")):
                yield _of_video(video, section, links)


def _of_video(video: Element, section: Section, links: PlexLinks) -> FoundItem:
    files = list(files_of(video, section.key))
    item, year = int(video.get("ratingKey", "0")), video.get("year", "")
    return FoundItem(
        item=item,
        title=video.get("title", ""),
        year=int(year) if year.isascii() and year.isdigit() else None,
        library=section.title,
        path=files[0].path if files else "",
        link=links.item(item),
    )


def _by_file_name(
    plex: PlexClient, finder: Finder, files: Mapping[int, PlexFile], links: PlexLinks
) -> Iterator[FoundItem]:
    """Yield the items of matching files; one request per library reads their titles."""
    for section in finder.sections:
        here = {item: file for item, file in files.items() if file.section == section.key}
        for item in plex.items(section.key, sorted(here)).values():
            date = str(item.values.get("date") or "")
            yield FoundItem(
                item=item.rating_key,
                title=item.title,
                year=int(date[:4]) if date[:4].isdecimal() else None,
                library=section.title,
                path=here[item.rating_key].path,
                link=links.item(item.rating_key),
            )


def _matching_files(
    files: Iterable[PlexFile], text: str, known: Collection[int]
) -> dict[int, PlexFile]:
    """Return one matching file of each item, for one item more than is shown."""
    wanted = caseless(text.strip())
    found: dict[int, PlexFile] = {}
    for file in files:
        if file.item not in known and wanted in caseless(file_name(file.path)):
            found.setdefault(file.item, file)
        if len(found) > MAX_ITEMS:
            break
    return found
