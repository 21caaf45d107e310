"""Writes the text of an actor's role beside the name, as one entry of a field's value."""

_SIGN = "\t"  # no name that is sent holds one, and a list of entries reads well with blanks


def role_entry(name: str, text: str | None) -> str:
    """Return the entry of an actor; "" takes the text off, None leaves it alone."""
    return name if text is None else f"{name}{_SIGN}{text}"


def split_entry(entry: str) -> tuple[str, str | None]:
    """Return the actor's name and the role's text, None where the entry has none.

    Examples:
        >>> split_entry(role_entry("Mia", "25")), split_entry("Mia")
        (('Mia', '25'), ('Mia', None))
    """
    name, sign, text = entry.partition(_SIGN)
    return name, text if sign else None
