"""Draw the tables of the queue's database for docs/ARCHITECTURE.md."""

import tempfile
from pathlib import Path

from sync_queue.schema import open_database
from sync_queue.statements import QUEUE

# How tables refer to each other. The database does not enforce it: rows are added and deleted
# independently.
RELATIONS = (
    ("worker", "|o--o{", QUEUE, "in_hand"),
    (QUEUE, "|o--o|", "dead_letters", "subject"),
    (QUEUE, "}o..o{", "records", "scene_id of the subject"),
    ("records", "}o..o|", "originals", "server and item"),
    ("records", "}o..o|", "scene_entities", "scene_id"),
    ("overrides", "}o..o{", "records", "scene_id, server and item"),
    ("collections", "}o..o|", "entities", "subject"),
    ("scene_entities", "}o..o{", "entities", "names in entities"),
)


def schema_diagram() -> str:
    """Return every table with its columns and references as a fenced Mermaid diagram."""
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
    """Return (column, type, key) by table, in alphabetical order; `key` is ` PK` or ""."""
    with tempfile.TemporaryDirectory() as folder:
        queue = open_database(Path(folder)).queue
        try:
            names = queue.connection.execute(
                "SELECT name FROM sqlite_master "
                "WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
            ).fetchall()
            return {
                name: [
                    (str(column), str(kind), " PK" if key else "")
                    for _, column, kind, _, _, key in queue.connection.execute(
                        f"PRAGMA table_info({name})"
                    )
                ]
                for (name,) in names
            }
        finally:
            queue.close()
