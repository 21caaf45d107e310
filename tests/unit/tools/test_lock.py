"""The lock file: what is wrong with one, and that this one is what the suite runs with."""

import importlib.metadata

import pytest
from packaging.requirements import Requirement

from dependencies.install import LOCK, REQUIREMENTS
from dependencies.requirements import parse_requirements
from tests.harness.plugin_copy import ROOT
from tools.lock import pins, problems

HASH = "\n    --hash=sha256:" + "0" * 64
ONE = "madeup-one==2.1 \\" + HASH + " \\" + HASH
TWO = 'madeup-two==1.5 ; python_version < "3.11" \\' + HASH
NEEDS = parse_requirements("Madeup-One>=2,<3\nmadeup-two>=1\n")


def test_every_pin_is_read_with_its_condition() -> None:
    one, two = pins(f"# made by a tool\n{ONE}\n    # via something\n{TWO}\n")

    assert (one.name, one.version, one.hashes, one.line) == (
        "madeup-one",
        "2.1",
        2,
        "madeup-one==2.1",
    )
    assert (two.version, two.hashes) == ("1.5", 1)
    assert two.line == 'madeup-two==1.5 ; python_version < "3.11"'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{ONE}\n{TWO}\n", []),
        (f"{ONE}\n", ["madeup-two is not locked"]),
        (f"{ONE}\nmadeup-two==1.5\n", ["madeup-two has no hash"]),
        (
            f"{ONE.replace('2.1', '3.0')}\n{TWO}\n",
            ["Madeup-One is locked at 3.0, but Madeup-One>=2,<3 is needed"],
        ),
    ],
)
def test_a_lock_that_does_not_fit_is_described(text: str, expected: list[str]) -> None:
    assert list(problems(NEEDS, text)) == expected


def test_the_lock_file_fits_the_requirements() -> None:
    requirements = parse_requirements((ROOT / REQUIREMENTS).read_text("utf-8"))

    assert list(problems(requirements, (ROOT / LOCK).read_text("utf-8"))) == []


def test_the_suite_runs_with_the_locked_versions() -> None:
    locked = {}
    for pin in pins((ROOT / LOCK).read_text("utf-8")):
        marker = Requirement(pin.line).marker
        if marker is None or marker.evaluate():
            locked[pin.name] = pin.version

    installed = {name: importlib.metadata.version(name) for name in locked}

    assert installed == locked
