"""Show what the matcher looked at."""

from collections.abc import Iterable

from core.match import CandidateEntry
from page.links import PlexLinks
from page.models.jobs import CandidateRow


def candidate_rows(
    candidates: Iterable[CandidateEntry], links: PlexLinks
) -> tuple[CandidateRow, ...]:
    """Return candidates as the page shows them, each with a link to Plex."""
    return tuple(
        CandidateRow(
            item=candidate.item,
            link=links.item(candidate.item),
            evidence=candidate.evidence,
            score=candidate.score,
            path=candidate.path,
            text=candidate.text,
        )
        for candidate in candidates
    )
