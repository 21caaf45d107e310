"""Decide how many examples a property test looks at."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))


def fuzzed(examples: int = 25) -> settings:
    """The same few examples in every run of the suite; `make fuzz` sets FUZZ_EXAMPLES and looks at
    new ones.
    """
    return settings(
        max_examples=max(1, EXAMPLES * examples // 25) if EXAMPLES else examples,
        derandomize=not EXAMPLES,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
