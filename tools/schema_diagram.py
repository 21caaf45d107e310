"""The tables of the queue's database as a diagram for docs/ARCHITECTURE.md, read from a database just made."""

import tempfile
from pathlib import Path

from sync_queue.schema import open_database
from sync_queue.statements import QUEUE

# How tables point at each other; the database enforces none of it, because rows come and go on their own.
RELATIONS = (
    ("worker", "|o--o|", QUEUE, "in_hand"),
    (QUEUE, "|o--o|", "dead_letters", "subject"),
    (QUEUE, "}o..o{", "records", "scene_id of the subject"),
    ("records", "}o..o|", "originals", "server and item"),
    ("records", "}o..o|", "scene_entities", "scene_id"),
    ("scene_entities", "}o..o{", "entities", "names in entities"),
)


def schema_diagram() -> str:
    """Every table with its columns, and what points at what, as a fenced Mermaid diagram."""
    tables = columns()
    lines = ["```mermaid", "erDiagram", "  direction LR"]
    lines += [f'  {left} {arrow} {right} : "{reason}"' for left, arrow, right, reason in RELATIONS]
    for name, rows in tables.items():
        lines += [
            f"  {name} {{",
            *(f"    {kind} {column}{key}" for column, kind, key in rows),
            "  }",
        ]
    return "\n".join([*lines, "```"])


def columns() -> dict[str, list[tuple[str, str, str]]]:
    """(column, type, key) by table, in alphabetical order; `key` is ` PK` or ""."""
    with tempfile.TemporaryDirectory() as folder:
        queue = open_database(Path(folder)).queue
        try:
            found = queue.connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
            ).fetchall()
            return {
                name: [
                    (str(column), str(kind), " PK" if key else "")
                    for _, column, kind, _, _, key in queue.connection.execute(
                        f"PRAGMA table_info({name})"
                    )
                ]
                for (name,) in found
            }
        finally:
            queue.close()
