"""Switches for what differs between Plex servers; a test can turn them at any time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tests.emulators.plex_wire import XML_TYPE

MAX_UPLOAD = 10_485_760
MAX_TARGET_LENGTH = 20_000


@dataclass
class PlexSwitches:
    """Every point on which real servers may differ; the defaults are the likeliest reading."""

    tags_replace: bool = False
    tag_wire_order: bool = False
    autolock: bool = False
    edits_move_content_changed_at: bool = False
    renames_move_content_changed_at: bool = True
    tag_edits_move_updated_at: bool = False
    upload_dedupe: bool = True
    upload_locks: bool = True  # an image uploaded by the API is locked, as one chosen by hand is
    empty_date: str = "clears"  # or "500", or "ignored"
    trim_text: bool = False
    batch_paging: bool = True
    batch_order: str = "asked"  # or "shuffled"
    batch_section_id: bool = True
    unknown_token_status: int = 401
    non_owner_edit_status: int = 403
    allow_without_token: bool = False
    require_container_size: bool = False
    max_page: int | None = None
    max_target_length: int = MAX_TARGET_LENGTH
    max_upload: int = MAX_UPLOAD
    exclude_elements_on_listing: bool = True
    auto_empty_trash: bool = True
    trashed_items_answer_404: bool = False
    identity_during_startup: int = 503
    director_country_collection_cap: int | None = 2
    posters_list_lag: int = 0  # this many reads of the list do not show the newest upload yet
    xml_type: str = XML_TYPE  # a proxy may drop the charset, or name another one
    agent_collections: str = "append"  # or "replace": what a refresh does to an unlocked field
    date_shift_days: int = 0  # a date is stored in another time zone
    equal_sort_title: bool = True  # a sort title that equals the title is shown
    empty_sort_title: Literal["derived", "ignored"] = "derived"  # what clearing it does
    role_texts: Literal["kept", "ignored"] = "kept"  # what becomes of an actor's tagging.text
    # what becomes of a collection made by tagging that has lost its last member: it vanishes, or
    # stays if it has a summary or an image of its own, or stays in any case
    emptied_collections: Literal["vanish", "stay_with_own", "stay"] = "vanish"
    tag_form: Literal["", "NFC", "NFD"] = ""  # the Unicode form in which tags are stored
    ignored_fields: frozenset[str] = frozenset()  # accepted, and silently not kept
    scan_lag: float = 1.0
    latency_s: float = 0.0
