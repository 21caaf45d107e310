#!/bin/sh
# diskcache 5.6.3: a cached NaN comes back as None, so a memoized function returns None later on.
#
# A float is stored as it is, in a column of the database, and SQLite stores NaN as NULL. diskcache
# reads the NULL as the value None: the first call of a memoized function returns NaN, each later
# call returns None, without an error. The key is found, so `get` does not return its default
# either. A NaN inside a tuple is pickled and survives, and so does infinity; `JSONDisk`, which
# stores texts, keeps NaN as well.
# Valid input: `float("nan")`, the usual result for the mean of nothing. diskcache's documentation
# says that floats are stored as SQLite's own type, and does not mention NaN.
#
# Use: sh findings/not-a-number-is-cached-as-none.sh
# Exit status: 0 seen again, 1 the behaviour has changed, 2 python3 or the package is missing.
#
# Output seen (CPython 3.11.7, Linux x86_64):
#   diskcache 5.6.3, CPython 3.11.7
#   Disk, memoized: first call nan, second call None
#   Disk: nan -> None, inf -> inf, (nan,) -> (nan,)
#   JSONDisk, memoized: first call nan, second call nan
#   JSONDisk: nan -> nan, inf -> inf, (nan,) -> [nan]
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

cat >"$folder/nan.py" <<'EOF'
"""Cache NaN as a result and as a value; print what comes back."""

import math
import platform
import sys
from pathlib import Path

import diskcache

folder = Path(sys.argv[1])
VALUES = (math.nan, math.inf, (math.nan,))


def results_and_values(disk):
    """Print what two calls return and what is read back; return the calls' results."""
    with diskcache.Cache(str(folder / disk.__name__), disk=disk) as cache:

        @cache.memoize()
        def mean(numbers):
            return sum(numbers) / len(numbers) if numbers else math.nan

        results = mean(()), mean(())
        for value in VALUES:
            cache[str(value)] = value
        read = [f"{value} -> {cache.get(str(value), default='missing')}" for value in VALUES]
    print(f"{disk.__name__}, memoized: first call {results[0]}, second call {results[1]}")
    print(f"{disk.__name__}: {', '.join(read)}")
    return results


print(f"diskcache {diskcache.__version__}, CPython {platform.python_version()}")
by_column = results_and_values(diskcache.Disk)
by_text = results_and_values(diskcache.JSONDisk)
is_changed = math.isnan(by_column[0]) and by_column[1] is None
sys.exit(not (is_changed and all(map(math.isnan, by_text))))
EOF

"$folder/venv/bin/python" -I "$folder/nan.py" "$folder"
