"""Give texts one Unicode form: the same word can be composed (NFC) or decomposed (NFD).

macOS and some importers write decomposed texts. They look the same, and other programs take them
for other names.
"""

import unicodedata


def composed(text: str) -> str:
    """Return the text in NFC, the form that PlexSync sends.

    Examples:
        >>> composed("Cafe\\u0301") == "Caf\\u00e9"
        True
    """
    return unicodedata.normalize("NFC", text)


def caseless(text: str) -> str:
    """Return the form in which two spellings of one name are equal: without case, composed."""
    if text.isascii():
        return text.lower()
    # Case is folded on the decomposed form: a precomposed character and its two-part form could
    # differ otherwise.
    return composed(unicodedata.normalize("NFD", text).casefold())
