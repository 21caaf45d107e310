"""Write the table of docs/ui.md: what the page may ask of PlexSync, from the table of calls."""

from page.call import Call
from page.models.base import Arguments
from page.table import CALLS
from tools.generated_sections import table


def calls_table() -> str:
    """Return the Markdown table: one row per call, in the order of the table of calls."""
    return table(("Call", "Takes", "What it is for"), map(_row, CALLS))


def _row(call: Call) -> tuple[str, ...]:
    return f"`{call.name}`", _arguments(call.takes), call.purpose


def _arguments(model: type[Arguments]) -> str:
    """Return the names, those that may be left out in brackets; "nothing" for none."""
    names = [
        f"`{name}`" if field.is_required() else f"[`{name}`]"
        for name, field in model.model_fields.items()
    ]
    return ", ".join(names) or "nothing"
