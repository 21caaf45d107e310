"""Decide whether a call may delete or overwrite: the page must have shown as many things."""


def is_confirmed(confirm: int | None, count: int) -> bool:
    """Return True if the user has seen a number that is at least `count`.

    Examples:
        >>> is_confirmed(None, 0), is_confirmed(2, 3), is_confirmed(3, 3)
        (False, False, True)
    """
    return confirm is not None and confirm >= count
