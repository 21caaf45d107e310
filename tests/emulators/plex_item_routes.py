"""Routes about items: metadata in batches, edits, images, merge and split."""

from __future__ import annotations

import random
import urllib.error
import urllib.request
from urllib.parse import quote

from tests.emulators.plex_edits import apply_edit, parse_edit
from tests.emulators.plex_images import choose, images, is_image, upload
from tests.emulators.plex_markup import container, section_attributes
from tests.emulators.plex_model import GENERATED_FRAME, Collection, Entry, Item
from tests.emulators.plex_site import Call, Route
from tests.emulators.plex_wire import RefusedError, Response
from tests.emulators.plex_xml import full, photo


def metadata(call: Call) -> Response:
    """Complete metadata. Unknown keys are left out in silence; only when none is known it is a 404."""
    switches = call.site.switches
    entries = _live(call)
    if not entries:
        raise RefusedError(404)
    if switches.batch_order == "shuffled":
        random.shuffle(entries)
    section = call.library.sections[entries[0].section_key]
    start, size = call.request.paging()
    shown = entries[start : start + size] if size is not None and switches.batch_paging else entries
    pairs: list[tuple[str, object]] = [("size", len(shown))]
    if size is not None and switches.batch_paging:
        pairs += [("totalSize", len(entries)), ("offset", start)]
    mixed = len({entry.section_key for entry in entries}) > 1
    if switches.batch_section_id or not mixed:
        pairs += section_attributes(section)
    shape = call.shape()
    return container(
        pairs, [full(entry, call.library.sections[entry.section_key], shape) for entry in shown]
    )


def _live(call: Call) -> list[Item | Collection]:
    found = [call.library.find(key) for key in dict.fromkeys(map(int, call.parts[0].split(",")))]
    hide_trash = call.site.switches.trashed_items_answer_404
    return [
        entry
        for entry in found
        if entry is not None
        and call.may_see(entry.section_key)
        and not (hide_trash and isinstance(entry, Item) and entry.deleted_at is not None)
    ]


def edit(call: Call) -> Response:
    """The second form of an edit, with the keys in the path."""
    entries = _live(call)
    if not entries:
        raise RefusedError(404)
    apply_edit(call.library, entries, parse_edit(call.request.query.pairs))
    return Response()


def delete(call: Call) -> Response:
    """Delete an item with its files."""
    entry = call.entry()
    if isinstance(entry, Collection):
        call.library.tags.drop_collection(entry)
        return Response()
    for file in entry.files:
        call.library.delete_file(file)
    call.library.remove_item(entry.rating_key)
    return Response()


def merge(call: Call) -> Response:
    """Make other items versions of this one."""
    others = [int(key) for key in (call.request.query.get("ids") or "").split(",") if key.isdigit()]
    if not others or any(not isinstance(call.library.find(key), Item) for key in others):
        raise RefusedError(400)
    call.library.merge(call.entry().rating_key, others)
    return Response()


def split(call: Call) -> Response:
    """Make each version an item."""
    call.library.split(call.entry().rating_key)
    return Response()


def refresh(call: Call) -> Response:
    """Ask the agent, which overwrites what is not locked."""
    call.library.agent_refresh(call.entry().rating_key)
    return Response()


def analyse(call: Call) -> Response:
    """Look at the file again."""
    call.library.analyse(call.entry().rating_key)
    return Response()


def list_images(call: Call) -> Response:
    """The posters or backgrounds on offer; the newest upload may be missing for a while."""
    entry = call.entry()
    available = images(entry, _kind(call))
    if entry.hidden_reads:
        entry.hidden_reads -= 1
        available = available[1:]
    children = [
        photo(entry, image, quote(image.rating_key, safe=""), image.selected) for image in available
    ]
    pairs = [("size", len(children)), ("identifier", "com.plexapp.plugins.library")]
    return container([*pairs, ("mediaTagPrefix", "/system/bundle/media/flags/")], children)


def add_image(call: Call) -> Response:
    """Take an upload, or fetch the image from the address given, and select it."""
    switches = call.site.switches
    entry = call.entry()
    url = call.request.query.get("url")
    data = call.request.body if url is None else _fetch(url)
    if len(data) > switches.max_upload:
        raise RefusedError(500, "too large")
    if not is_image(data):
        raise RefusedError(400, "not an image")
    upload(entry, _kind(call), data, call.library.now, dedupe=switches.upload_dedupe)
    entry.hidden_reads = switches.posters_list_lag
    call.library.bump(entry.section_key)
    return Response()


def select_image(call: Call) -> Response:
    """Select an image that is on offer; the answer is the new path as plain text."""
    entry, kind = call.entry(), _kind(call)
    desired = call.request.query.get("url")
    found = next((image for image in images(entry, kind) if image.rating_key == desired), None)
    if found is None:
        raise RefusedError(400, "no such image")
    choose(entry, kind, found, call.library.now)
    call.library.bump(entry.section_key)
    return Response(
        200, ((entry.thumb if kind == "posters" else entry.art) or "").encode(), "text/plain"
    )


def deselect_image(call: Call) -> Response:
    """No image is chosen from now on."""
    entry = call.entry()
    choose(entry, _kind(call), None, call.library.now)
    return Response()


def chosen_image(call: Call) -> Response:
    """The bytes that a client shows."""
    entry = call.entry()
    data = entry.poster_bytes if _kind(call) == "posters" else entry.art_bytes
    if data is None:
        raise RefusedError(404)
    return _picture(data)


def image_file(call: Call) -> Response:
    """The bytes of one image on offer."""
    entry: Entry = call.entry()
    desired = call.request.query.get("url")
    for image in [*entry.posters, *entry.arts]:
        if image.rating_key == desired:
            return _picture(image.data)
    raise RefusedError(404)


def composite(call: Call) -> Response:
    """The picture that the server makes for a collection."""
    call.collection()
    return _picture(GENERATED_FRAME)


def _kind(call: Call) -> str:
    return "arts" if "/art" in call.request.path.rpartition("/metadata/")[2] else "posters"


def _picture(data: bytes) -> Response:
    return Response(200, data, "image/png" if data.startswith(b"\x89PNG") else "image/jpeg")


def _fetch(url: str) -> bytes:
    if not url.startswith(("http://", "https://")):
        raise RefusedError(400, "not an address")
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            data: bytes = answer.read()
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise RefusedError(400, "cannot fetch the image") from error
    return data


_ITEM = "/library/metadata/{rk}"
ROUTES = (
    Route("GET", "/library/metadata/{ids}", metadata),
    Route("PUT", "/library/metadata/{ids}", edit, owner_only=True),
    Route("DELETE", _ITEM, delete, owner_only=True),
    Route("PUT", f"{_ITEM}/merge", merge, owner_only=True),
    Route("PUT", f"{_ITEM}/split", split, owner_only=True),
    Route("PUT", f"{_ITEM}/refresh", refresh, owner_only=True),
    Route("PUT", f"{_ITEM}/analyze", analyse, owner_only=True),
    Route("GET", f"{_ITEM}/posters", list_images),
    Route("GET", f"{_ITEM}/arts", list_images),
    Route("POST", f"{_ITEM}/posters", add_image, owner_only=True),
    Route("POST", f"{_ITEM}/arts", add_image, owner_only=True),
    Route("PUT", f"{_ITEM}/poster", select_image, owner_only=True),
    Route("PUT", f"{_ITEM}/art", select_image, owner_only=True),
    Route("DELETE", f"{_ITEM}/thumb", deselect_image, owner_only=True),
    Route("DELETE", f"{_ITEM}/art", deselect_image, owner_only=True),
    Route("GET", f"{_ITEM}/thumb/{{stamp}}", chosen_image),
    Route("GET", f"{_ITEM}/art/{{stamp}}", chosen_image),
    Route("GET", f"{_ITEM}/file", image_file),
    Route("GET", "/library/collections/{rk}/composite/{stamp}", composite),
)
