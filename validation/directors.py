"""Split a scene's director into the directors it names. Pure.

Stash keeps the director as one text, and users separate several as they would in a sentence. A
name holds none of the separators, with three exceptions that stay together: an ampersand without
blanks (`R&D`), "and" within a word, and what follows a name's comma in English (`Jr.`, `III`).
"""

import re

_SUFFIX = r"(?:jr|sr|ii|iii|iv|esq|ph\.?d|m\.?d)\.?"
_SEPARATOR = re.compile(
    # A comma, unless only a suffix of the name follows; an "and" or "&" behind it belongs to it.
    rf"\s*(?:,(?!\s*{_SUFFIX}\s*(?:[,;/\n]|\s&\s|\sand\s|$))|[;/\n])\s*(?:(?:and|&)\s+)?"
    r"|\s+(?:&|and)\s+",
    re.IGNORECASE,
)


def split_directors(text: str) -> tuple[str, ...]:
    """Return the directors in their order; () for none.

    Examples:
        >>> split_directors("Ada Lee, Jr., Bo Ray and Cy/Di")
        ('Ada Lee, Jr.', 'Bo Ray', 'Cy', 'Di')
    """
    return tuple(name for part in _SEPARATOR.split(text) if (name := part.strip(" ,;/&")))
