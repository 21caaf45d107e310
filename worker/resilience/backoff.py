"""How long to wait. Pure arithmetic: numbers in, seconds out; waiting happens elsewhere."""

from random import Random

NOT_FOUND_WAITS_S = (30.0, 60.0, 120.0, 240.0, 480.0, 600.0, 900.0, 900.0, 1200.0, 1200.0, 1500.0)
"""Seconds before each further look for a file that Plex does not have yet: about two hours in all."""
LIBRARY_LOOK_S = 30.0
LIBRARY_LOOK_LATER_S = 300.0


def full_jitter(attempt: int, base_s: float, cap_s: float, rng: Random) -> float:
    """Seconds before try number `attempt` + 1 (counted from 1): at least a fifth of `base_s`, at most `cap_s`.

    Examples:
        >>> waits = [full_jitter(attempt, 5.0, 80.0, Random(7)) for attempt in (1, 2, 3, 9)]
        >>> [round(wait, 1) for wait in waits]
        [2.3, 3.9, 7.2, 26.6]
    """
    ceiling = min(cap_s, base_s * 2.0 ** min(max(attempt, 1) - 1, 30))
    return rng.uniform(min(base_s, ceiling) / 5.0, ceiling)


def not_found_delay(attempt: int, rng: Random) -> float:
    """Seconds before the next look after `attempt` looks (counted from 1), ±10 %; the last wait repeats."""
    wait = NOT_FOUND_WAITS_S[min(max(attempt, 1), len(NOT_FOUND_WAITS_S)) - 1]
    return wait * rng.uniform(0.9, 1.1)


def library_poll_interval(*, waits: bool, buried: bool) -> float | None:
    """Seconds between two looks at the libraries while files are missing in Plex; None when none is.

    A job waits for its file for about two hours; afterwards only its dead letter does, with more patience.
    """
    if waits:
        return LIBRARY_LOOK_S
    return LIBRARY_LOOK_LATER_S if buried else None


def exponential_delay(failures: int, first_s: float, longest_s: float, rng: Random) -> float:
    """Seconds before the next probe after `failures` in a row: doubling, ±10 %, never near zero."""
    gap = min(longest_s, first_s * 2.0 ** min(max(failures, 1) - 1, 30))
    return min(longest_s, gap * rng.uniform(0.9, 1.1))
