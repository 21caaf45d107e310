#!/bin/sh
# persist-queue 1.1.0: a UniqueAckQ drops an item that was finished before, and raises nothing.
#
# `UniqueQ` keeps an item out while an equal one waits, and takes it again after `get`. In
# `UniqueAckQ` the row of an acknowledged or failed item stays in the table, and the column is
# unique over all rows. So the second `put` of an item meets the finished row: it returns None, the
# queue stays empty, and the work is never done. `clear_acked_data()` alone does not help, since
# it keeps the newest 1000 finished rows.
# Valid input: a text, put again after `get` and `ack`. The README says of `UniqueQ` that duplicates
# are ignored, and nothing of `UniqueAckQ`; neither class has a docstring.
#
# Use: sh findings/unique-queue-drops-what-is-done.sh
# Exit status: 0 seen again, 1 the behaviour has changed, 2 python3 or the package is missing.
#
# Output seen (CPython 3.11.7, Linux x86_64):
#   persist-queue 1.1.0, CPython 3.11.7
#   UniqueQ, after get: put returned 2, size 1
#   UniqueAckQ, after get and ack: put returned None, size 0
#   UniqueAckQ, after get and ack_failed: put returned None, size 0
#   UniqueAckQ, after get, ack and clear_acked_data(): put returned None, size 0
#   UniqueAckQ, after get, ack and clear_acked_data(keep_latest=0): put returned 2, size 1
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
    persist-queue==1.1.0 || exit 2

cat >"$folder/again.py" <<'EOF'
"""Put an item again after it was worked on; print whether the queue has it."""

import platform
import sys
from importlib.metadata import version
from pathlib import Path

from persistqueue import UniqueAckQ, UniqueQ

folder = Path(sys.argv[1])


def finish(queue, item):
    queue.ack(item)


def fail(queue, item):
    queue.ack_failed(item)


def clear(queue, item):
    queue.ack(item)
    queue.clear_acked_data()


def clear_all(queue, item):
    queue.ack(item)
    queue.clear_acked_data(keep_latest=0)


CASES = [
    (UniqueQ, "get", lambda queue, item: None, True),
    (UniqueAckQ, "get and ack", finish, False),
    (UniqueAckQ, "get and ack_failed", fail, False),
    (UniqueAckQ, "get, ack and clear_acked_data()", clear, False),
    (UniqueAckQ, "get, ack and clear_acked_data(keep_latest=0)", clear_all, True),
]

print(f"persist-queue {version('persist-queue')}, CPython {platform.python_version()}")
seen = []
for number, (queue_type, words, work, _) in enumerate(CASES):
    queue = queue_type(str(folder / str(number)))
    queue.put("rebuild the index")
    work(queue, queue.get(block=False))
    returned = queue.put("rebuild the index")
    print(f"{queue_type.__name__}, after {words}: put returned {returned}, size {queue.size}")
    seen.append(queue.size == 1)
sys.exit(seen != [expected for *_, expected in CASES])
EOF

"$folder/venv/bin/python" -I "$folder/again.py" "$folder"
