"""Runs a script and counts its network calls: `audited.py SCRIPT` with the script's stdin, from any folder.

The interpreter announces every use of a socket, from creating one to resolving a name, to audit hooks.
The count is the last line on stderr; stdout is the script's own.
"""

import runpy
import sys


def run_counted(script: str) -> int:
    """The number of network calls of the script, run as Stash would run it."""
    seen: list[str] = []

    def listen(event: str, _: tuple[object, ...]) -> None:
        if event.startswith("socket."):
            seen.append(event)

    sys.addaudithook(listen)
    sys.argv = [script]
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as left:
        if left.code:
            raise
    return len(seen)


if __name__ == "__main__":
    print(run_counted(sys.argv[1]), file=sys.stderr)
