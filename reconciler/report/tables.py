"""Tables of anything: what `get`, `history` and `whoami` show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from reconciler.report import values
from reconciler.report.document import plain
from reconciler.report.sanitize import terminal

_GAP = "  "


def render_table(
    console: Console,
    rows: Iterable[Mapping[str, Any]],
    columns: Sequence[str],
    *,
    empty: str = "Nothing found.",
) -> None:
    """A table with a column for each name in `columns`. A terminal folds long cells to its width; elsewhere
    each row stays one line, for `grep` and `awk`.
    """
    cells = [[cell(row.get(column)) for column in columns] for row in rows]
    if not cells:
        console.print(Text(empty), soft_wrap=True, highlight=False)
        return
    heads = [terminal(column).upper() for column in columns]
    if console.is_terminal:
        console.print(_folded(heads, cells), highlight=False)
        return
    widths = [max(map(cell_len, column)) for column in zip(heads, *cells, strict=True)]
    for line in (heads, *cells):
        padded = (text + " " * (width - cell_len(text)) for text, width in zip(line, widths, strict=True))
        console.print(Text(_GAP.join(padded).rstrip()), soft_wrap=True, highlight=False)


def cell(value: Any) -> str:
    """A value in a cell: text bare, nothing for nothing, collections of plain values with commas."""
    value = plain(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return terminal(value)
    if isinstance(value, list) and all(isinstance(item, str | int | float) for item in value):
        return terminal(", ".join(str(item) for item in value))
    return values.show(value)


def _folded(heads: Sequence[str], cells: Sequence[Sequence[str]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, len(_GAP), 0, 0), header_style="bold")
    for head in heads:
        table.add_column(Text(head), overflow="fold")
    for line in cells:
        table.add_row(*(Text(text) for text in line))
    return table
