"""Answer the call for the rows of the newest dry run."""

from core.fields import BY_NAME
from page.models.runs import DryRunAnswer, DryRunChange, DryRunRow, LeftOut, ListDryRun
from sync import dry_run_file
from sync.dry_run_file import RowChoice, read_dry_run
from sync.filters import LABELS, known_reasons
from tasks.context import TaskContext


def dry_run(context: TaskContext, arguments: ListDryRun) -> DryRunAnswer:
    """Return one page of the rows; nothing where there was no dry run within a day."""
    choice = RowChoice(arguments.kind, arguments.field, arguments.offset, arguments.limit)
    read = read_dry_run(context.data_dir, context.clock.wall(), choice)
    if read is None:
        return DryRunAnswer(
            at=0.0, what="", checked=0, kinds={}, fields={}, left_out=(), total=0, rows=()
        )
    totals, total, rows = read
    return DryRunAnswer(
        at=totals.at,
        what="reconcile" if totals.what == dry_run_file.RECONCILE else "sync",
        checked=totals.checked,
        kinds=totals.kinds,
        fields=totals.fields,
        left_out=tuple(
            LeftOut(reason=reason.value, text=LABELS[reason], count=count)
            for reason, count in known_reasons(totals.left_out)
        ),
        total=total,
        rows=tuple(map(_row, rows)),
    )


def _row(row: dry_run_file.DryRunRow) -> DryRunRow:
    changes = (
        DryRunChange(field=name, label=_label(name), value=value) for name, value in row.changes
    )
    return DryRunRow(
        scene=row.scene,
        title=row.title,
        kind=row.kind,
        evidence=row.evidence,
        changes=tuple(changes),
    )


def _label(name: str) -> str:
    return BY_NAME[name].label if name in BY_NAME else name
