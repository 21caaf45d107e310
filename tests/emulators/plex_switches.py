"""Switches for what differs between Plex servers; a test can turn them at any time."""

from __future__ import annotations

from dataclasses import dataclass

MAX_UPLOAD = 10_485_760
MAX_TARGET_LENGTH = 20_000


@dataclass
class PlexSwitches:
    """Every point on which real servers may differ; the defaults are the likeliest reading."""

    tags_replace: bool = False
    tag_wire_order: bool = False
    autolock: bool = False
    edits_move_content_changed_at: bool = False
    tag_edits_move_updated_at: bool = False
    upload_dedupe: bool = True
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
    scan_lag: float = 1.0
    latency_s: float = 0.0
