"""Convert the candidates of a dead letter to the text of its row, and back."""

import json
from collections.abc import Iterable
from typing import Any

from core.match import CandidateEntry


def candidates_text(candidates: Iterable[CandidateEntry]) -> str:
    """Return the JSON text of candidates; one of which only the text is known is a string."""
    return json.dumps([_document(candidate) for candidate in candidates])


def parse_candidates(text: str) -> tuple[CandidateEntry, ...]:
    """Return the candidates of a row; () for an invalid text, which a bad disk may have changed.

    Versions before 1.2 stored lines of text.

    Examples:
        >>> parse_candidates('["item 7"]')[0].item is None
        True
    """
    try:
        return tuple(map(_entry, json.loads(text)))
    except (ValueError, TypeError, RecursionError):
        return ()


def _document(candidate: CandidateEntry) -> str | dict[str, object]:
    if candidate.item is None:
        return candidate.text
    return {
        "text": candidate.text,
        "item": candidate.item,
        "evidence": candidate.evidence,
        "score": candidate.score,
        "path": candidate.path,
    }


def _entry(document: Any) -> CandidateEntry:
    if not isinstance(document, dict):
        return CandidateEntry(str(document))
    text, item = str(document.get("text", "")), document.get("item")
    evidence, path = str(document.get("evidence", "")), str(document.get("path", ""))
    score = document.get("score", 0.0)
    # A damaged number leaves the text.
    is_sound = type(item) is int and isinstance(score, int | float) and 0 <= score <= 1
    return (
        CandidateEntry(text, item, evidence, float(score), path)
        if is_sound
        else CandidateEntry(text)
    )
