"""List what ships, and the layer of each part. Standard library only.

Everything that repeats the list derives from it. `python -m tools.layout` prints what `make static`
type-checks.
"""

from pathlib import Path

# A unit imports lower layers only; units of one layer do not import each other.
LAYERS = {
    "core": 0,
    "validation": 1,
    "dependencies": 1,
    "network": 1,
    "stash": 2,
    "sync_queue": 2,
    "plex": 2,
    "sync": 3,
    "reconciliation": 4,
    "worker.resilience": 4,
    "worker.reporting": 5,
    "worker.discovery": 5,
    "worker.lifecycle": 6,
    "wiring": 7,
    "tasks": 8,
    "page": 9,
    "startup": 10,
    "PlexSync": 11,
}
# Beside the layers: only startup imports it.
HOOKS = "hooks"
HOOKS_MAY_IMPORT = (
    "core.stash_log",
    "core.launch",
    "core.version",
    "sync_queue.hook_queue",
    "sync_queue.statements",
    "hooks.",
)
ENTRY_FILES = ("PlexSync.py", "startup.py", "wiring.py")
# What Stash's page loads: built from `ui/src`, which does not ship; no Python.
PAGE_FOLDER = "ui/built"
PAGE_SCRIPT = f"{PAGE_FOLDER}/plexsync.js"
PAGE_STYLE = f"{PAGE_FOLDER}/plexsync.css"

_ENTRY_MODULES = tuple(name.removesuffix(".py") for name in ENTRY_FILES)
_TOPS = tuple(dict.fromkeys(unit.partition(".")[0] for unit in (*LAYERS, HOOKS)))
PACKAGES = tuple(top for top in _TOPS if top not in _ENTRY_MODULES)
"""The top-level folders that hold Python which ships, in the order of their layers."""
UNITS = (*LAYERS, HOOKS)
"""Everything that the layer rule and the coverage gate know by name."""


def unit_of(module: str) -> str:
    """Return the layer unit of a dotted module name; "" where it does not ship.

    >>> unit_of("core.job"), unit_of("json")
    ('core', '')
    """
    owners = [unit for unit in UNITS if module == unit or module.startswith(f"{unit}.")]
    return max(owners, key=len, default="")


def shipped_modules(root: Path) -> list[Path]:
    """Return every shipped Python file below `root`: the packages', then the entry files."""
    inside = [path for package in PACKAGES for path in sorted((root / package).rglob("*.py"))]
    return inside + [root / name for name in ENTRY_FILES if (root / name).exists()]


def module_name(path: Path) -> str:
    """Return the dotted name of a shipped file given relative to the project's root."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def main() -> None:
    """Print the packages and entry files, separated by blanks, for the Makefile."""
    print(*PACKAGES, *ENTRY_FILES)


if __name__ == "__main__":
    main()
