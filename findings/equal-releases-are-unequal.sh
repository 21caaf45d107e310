#!/bin/sh
# stashapp-tools 0.2.59: a `StashVersion` of a release is not equal to itself.
#
# `==` compares only the hash, and the hash is found only in the version of a build between two
# releases, which has a number of commits before it. Of a release it stays empty, whether the
# server's answer names one or not, and `==` returns the empty text. So `!=` is True for two equal
# releases while neither `<` nor `>` is, and a check for a known version is never true.
# Valid input: the texts that Stash names its releases with, and the answer of its query `version`,
# which `StashInterface.stash_version` passes on unchanged. The README says nothing of versions.
#
# Use: sh findings/equal-releases-are-unequal.sh
# Exit status: 0 seen again, 1 the behaviour has changed, 2 python3 or the package is missing.
#
# Output seen (CPython 3.11.7, Linux x86_64):
#   stashapp-tools 0.2.59, CPython 3.11.7
#   'v0.28.1': == '', != True, < False, > False, hash ''
#   {'version': 'v0.28.1', 'hash': '0a1b2c3d'}: == '', != True, < False, > False, hash ''
#   'v0.28.1-12-0a1b2c3d4': == True, != False, < False, > False, hash '0a1b2c3d4'
set -eu

python3 -c 'import venv' 2>/dev/null || {
    echo "needs python3 with venv" >&2
    exit 2
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 2' HUP INT TERM
python3 -m venv "$folder/venv" || exit 2
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check \
    stashapp-tools==0.2.59 || exit 2

cat >"$folder/versions.py" <<'EOF'
"""Compare two versions made of the same input."""

import platform
import sys
from importlib.metadata import version

from stashapi.classes import StashVersion

RELEASES = ("v0.28.1", {"version": "v0.28.1", "hash": "0a1b2c3d"})
BUILD = "v0.28.1-12-0a1b2c3d4"


def is_equal(given):
    """Print how two versions of the same input compare; return what `==` says."""
    one, other = StashVersion(given), StashVersion(given)
    equal = one == other
    print(
        f"{given!r}: == {equal!r}, != {one != other}, < {one < other}, > {one > other}, "
        f"hash {one.hash!r}"
    )
    return bool(equal)


print(f"stashapp-tools {version('stashapp-tools')}, CPython {platform.python_version()}")
releases = [is_equal(release) for release in RELEASES]
sys.exit(any(releases) or not is_equal(BUILD))
EOF

"$folder/venv/bin/python" -I "$folder/versions.py"
