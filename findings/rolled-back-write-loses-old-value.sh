#!/bin/sh
# diskcache 5.6.3: a transaction that is rolled back loses the old value of every large key in it.
#
# A value of 32 KiB or more (`disk_min_file_size`) lies in a file beside the database. A write or a
# delete removes the old value's file immediately, also inside `Cache.transact()`, where the row can
# still be rolled back. After an exception the row is back and names a file that is gone: the key
# counts, iterates and answers to `in`, but has no value. Small values survive.
# Valid input: `bytes` as value and an exception that leaves the block. The documentation of
# `transact` says that the operations in it are atomic, and names no limit of size.
#
# Use: sh findings/rolled-back-write-loses-old-value.sh
# Exit status: 0 seen again, 1 the behaviour has changed, 2 python3 or the package is missing.
#
# Output seen (CPython 3.11.7, Linux x86_64):
#   diskcache 5.6.3, CPython 3.11.7
#   100 bytes, overwritten: kept; listed True
#   100 bytes, deleted: kept; listed True
#   40000 bytes, overwritten: lost; listed True
#   40000 bytes, deleted: lost; listed True
#   40000 bytes, overwritten, disk_min_file_size=1000000: kept; listed True
#   40000 bytes, deleted, disk_min_file_size=1000000: kept; listed True
set -eu

python3 -c 'import venv' 2>/dev/null || {
    echo "needs python3 with venv" >&2
    exit 2
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 2' HUP INT TERM
python3 -m venv "$folder/venv" || exit 2
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check diskcache==5.6.3 || exit 2

cat >"$folder/rollback.py" <<'EOF'
"""Change a value in a transaction that fails; print what is left of it."""

import platform
import sys
from pathlib import Path

import diskcache

folder = Path(sys.argv[1])
SMALL, LARGE = 100, 40_000
IN_ROWS = {"disk_min_file_size": 1_000_000}


def overwrite(cache, size):
    cache["key"] = b"n" * size


def delete(cache, size):
    del cache["key"]


def is_kept(number, size, change, options):
    """Print and return whether the old value is there after the rollback."""
    old = b"o" * size
    with diskcache.Cache(str(folder / str(number)), **options) as cache:
        cache["key"] = old
        try:
            with cache.transact():
                change(cache, size)
                raise InterruptedError
        except InterruptedError:
            pass
        kept, listed = cache.get("key") == old, list(cache) == ["key"]
    words = ["overwritten" if change is overwrite else "deleted"]
    words += [f"{name}={value}" for name, value in options.items()]
    print(f"{size} bytes, {', '.join(words)}: {'kept' if kept else 'lost'}; listed {listed}")
    return kept


print(f"diskcache {diskcache.__version__}, CPython {platform.python_version()}")
cases = [(SMALL, {}), (LARGE, {}), (LARGE, IN_ROWS)]
kept = [
    is_kept(number, size, change, options)
    for number, (size, change, options) in enumerate(
        (size, change, options) for size, options in cases for change in (overwrite, delete)
    )
]
sys.exit(kept != [True, True, False, False, True, True])
EOF

"$folder/venv/bin/python" -I "$folder/rollback.py" "$folder"
