"""Runs the call that the page asked for."""

import os
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.errors import PlexSyncError, reason_of
from page.call import Call
from page.table import CALLS
from plex.plex_tv import PLEX_TV
from tasks.run import build_context
from wiring import Environment

# For tests, and for a network in which plex.tv has another address; documented in docs/ui.md.
PLEX_TV_VARIABLE = "PLEXSYNC_PLEX_TV"


def run_call(
    message: Mapping[str, object],
    arguments: Mapping[str, object],
    root: str,
    data_dir: str,
    start_worker: Callable[[str], object],
    write: Callable[[bytes], object],
    plex_tv: str = "",
) -> dict[str, Any]:
    """Run the call of that name; return the answer for Stash. A foreseeable fault is an `error`.

    `plex_tv` is the address of plex.tv, "" for that in the environment, else the real one.
    """
    call = find_call(arguments.get("call"))
    if call is None or call.run is None:
        known = ", ".join(sorted(row.name for row in CALLS))
        return {
            "error": f"PlexSync does not know the call {arguments.get('call')!r}. Reload the page; "
            f"its script may be of another version. Known calls: {known}."
        }
    env = Environment(Path(root), Path(data_dir))
    context = replace(
        build_context(env, message, start_worker, write),
        plex_tv=plex_tv or os.environ.get(PLEX_TV_VARIABLE) or PLEX_TV,
    )
    try:
        answer = call.run(context, call.read_arguments(arguments))
    except (PlexSyncError, sqlite3.Error, OSError) as error:
        return {"error": str(error)}
    except Exception as error:  # noqa: BLE001 broad: a call must return an error, never a traceback
        return {"error": f"{call.name}: a bug of PlexSync, {reason_of(error)}. Please report it."}
    return {"output": answer.model_dump(mode="json")}


def find_call(name: object) -> Call | None:
    """Return the call of that name; None for an unknown one."""
    return next((row for row in CALLS if row.name == name), None)
