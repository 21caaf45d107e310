"""Decide whether a change may be made: the user must have been shown as many things."""


def was_shown(count: int, shown: int | None) -> bool:
    """Return True if `count` is at most the number that was shown; None stands for no number.

    Nothing to change needs no number.

    Examples:
        >>> was_shown(3, 3), was_shown(3, 2), was_shown(3, None), was_shown(0, None)
        (True, False, False, True)
    """
    return count <= (shown or 0)
