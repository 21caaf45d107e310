"""Make images that differ from one another."""

PNG = b"\x89PNG\r\n\x1a\n"


def picture(number: int) -> bytes:
    """Return a cover that differs from the cover of any other number."""
    return PNG + number.to_bytes(4, "big") * 50
