"""Run a script and count its network calls: `network_audit.py SCRIPT`, stdin is the script's.

The interpreter reports every use of a socket to audit hooks, from creating one to resolving a name.
The count is the last line on stderr; stdout is the script's own.
"""

import os
import runpy
import sys


def run_counted(script: str) -> int:
    """Run the script as Stash would, and return the number of its network calls."""
    seen: list[str] = []

    def listen(event: str, _: tuple[object, ...]) -> None:
        if event.startswith("socket."):
            seen.append(event)

    sys.addaudithook(listen)
    sys.argv = [script]
    setattr(os, "_exit", sys.exit)  # noqa: B010 (a hook ends itself; the count comes after it)
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as error:
        if error.code:
            raise
    return len(seen)


if __name__ == "__main__":
    print(run_counted(sys.argv[1]), file=sys.stderr)
