"""Read and apply the content rating: one value, or one for each tag. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.folding import broad_form
from validation.quoted_list import split_list
from validation.sanitizers import clean_text

ANY_TAG = "*"
MAX_RATING_CHARS = 50
_ARROW = "=>"


@dataclass(frozen=True, slots=True)
class ContentRating:
    """Pairs of a tag in its broad form, or `*`, and a rating; the first that fits counts.

    It is false if there are none.
    """

    pairs: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.pairs)

    def of(self, tags: Iterable[str]) -> str:
        """Return the rating of a scene with these tags; "" if no pair fits.

        Examples:
            >>> read_content_rating("Tame => PG; * => XXX").of(["tame "])
            'PG'
        """
        forms = {broad_form(tag) for tag in tags}
        return next((rating for tag, rating in self.pairs if tag == ANY_TAG or tag in forms), "")


def read_content_rating(text: str) -> ContentRating:
    """Return the ratings in `XXX`, or in `tag => R; * => XXX`; none for "".

    Raises:
        ValueError: it is neither; the reason names the entry, from 1.
    """
    entries = split_list(text, ";\n")
    if len(entries) == 1 and _ARROW not in entries[0]:
        return ContentRating(((ANY_TAG, _rating(entries[0], 1)),))
    return ContentRating(tuple(_pair(entry, number) for number, entry in enumerate(entries, 1)))


def _pair(entry: str, number: int) -> tuple[str, str]:
    tag, arrow, rating = entry.partition(_ARROW)
    if not arrow or not tag.strip() or _ARROW in rating:
        raise ValueError(f"entry {number} is not of the form 'tag => rating'")
    form = tag.strip() if tag.strip() == ANY_TAG else broad_form(tag)
    return form, _rating(rating, number)


def _rating(text: str, number: int) -> str:
    rating = clean_text(text, MAX_RATING_CHARS + 1)
    if not rating:
        raise ValueError(f"entry {number} has no rating")
    if len(rating) > MAX_RATING_CHARS:
        raise ValueError(
            f"the rating of entry {number} is longer than {MAX_RATING_CHARS} characters"
        )
    return rating
