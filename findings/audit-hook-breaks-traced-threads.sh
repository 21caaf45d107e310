#!/bin/sh
# coverage 7.6.1 on CPython 3.11, with an audit hook that writes a log: threads are lost.
#
# sys.settrace sets a static flag "a trace function is being installed", and calls the audit hooks
# while it is set. A hook written in Python lets another thread run there. Under coverage every
# starting thread calls sys.settrace, meets the flag and ends with RuntimeError, after start() has
# returned: its target never runs, and who waits for its work waits for ever.
# Valid input: sys.addaudithook and threads, as the standard library documents both.
#
# Use: sh findings/audit-hook-breaks-traced-threads.sh
# Exit status: 0 seen again, 1 the behaviour has changed, 2 python3.11 or the package is missing.
#
# Output seen (CPython 3.11.7, Linux x86_64, 2 cores; the number of lost threads varies):
#   CPython 3.11.7, coverage 7.6.1
#   lost of 2000 threads: coverage alone 0, the hook alone 0, both 252
#   RuntimeError: Cannot install a trace function while another trace function is being installed
set -eu

command -v python3.11 >/dev/null 2>&1 && python3.11 -c '' 2>/dev/null || {
    echo "needs python3.11" >&2
    exit 2
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check coverage==7.6.1 || exit 2

cat >"$folder/threads.py" <<'EOF'
"""Start threads in pairs; print how many never ran their target, and why."""

import os
import sys
import threading

PAIRS = 1_000
ran = []
log = os.open(os.devnull, os.O_WRONLY)


def write_log(event, args):
    """Write every event to a log and never raise, as an audit hook may."""
    os.write(log, event.encode())


if sys.argv[1] == "hook":
    sys.addaudithook(write_log)
for number in range(PAIRS):
    both = [threading.Thread(target=ran.append, args=(number,)) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
print(2 * PAIRS - len(ran))
EOF

lost() {
    (cd "$folder" && "$folder/venv/bin/python" "$@" 2>>"$folder/stderr")
}

"$folder/venv/bin/python" -c '
import coverage, sys
print("CPython", sys.version.split()[0] + ", coverage", coverage.__version__)'
without=$(lost -m coverage run threads.py none)
untraced=$(lost threads.py hook)
both=$(lost -m coverage run threads.py hook)
echo "lost of 2000 threads: coverage alone $without, the hook alone $untraced, both $both"
grep RuntimeError "$folder/stderr" | sort -u || true
[ "$without" -eq 0 ] && [ "$untraced" -eq 0 ] && [ "$both" -gt 0 ]
