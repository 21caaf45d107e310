"""Test the tree of errors and what an error carries."""

import pytest

from core.errors import (
    AmbiguousMatch,
    PlexNotFound,
    PlexRejected,
    PlexSyncError,
    error_classes,
)
from core.match import Candidate, Evidence, PlexFile

FILE = PlexFile("/media/a.mp4", 10, 7, 1)


@pytest.mark.parametrize("kind", list(error_classes()), ids=lambda kind: kind.__name__)
def test_every_error_has_one_line_of_advice(kind: type[PlexSyncError]) -> None:
    advice = kind("").advice

    assert advice.endswith(".")
    assert "\n" not in advice


def test_the_tree_of_errors_is_listed_parents_first_and_once() -> None:
    listed = list(error_classes())

    assert listed[0] is PlexSyncError
    assert len(listed) == len(set(listed))
    assert all(listed.index(kind.__mro__[1]) < listed.index(kind) for kind in listed[1:])


def test_errors_carry_what_the_user_needs_to_act() -> None:
    candidate = Candidate(FILE, Evidence.NAME_ONLY, "/data/a.mp4")

    assert PlexRejected("no", fields=("title",), too_long=True).fields == ("title",)
    assert PlexNotFound("no", paths=("/data/a.mp4",)).paths == ("/data/a.mp4",)
    assert AmbiguousMatch("no", candidates=(candidate,)).candidates == (candidate,)
