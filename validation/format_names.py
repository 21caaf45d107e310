"""Name what each format may show, and read it. Pure."""

from validation.text_format import TextFormat, parse_format

TITLE_NAMES = ("title", "studio", "parent", "performers", "date", "year", "code", "file")
ROLE_NAMES = ("age", "gender", "disambiguation")


def read_role_format(text: str) -> TextFormat:
    """Return the format of a role's text; an empty one for "".

    Raises:
        ValueError: it is no format; the reason names the place.
    """
    return parse_format(text, ROLE_NAMES)


def read_title_format(text: str) -> TextFormat:
    """Return the format of a title; an empty one for "".

    Raises:
        ValueError: it is no format; the reason names the place.
    """
    return parse_format(text, TITLE_NAMES)
