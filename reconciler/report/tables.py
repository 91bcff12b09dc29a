"""Tables of anything: what `get`, `history` and `whoami` show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from reconciler.report import lines, values
from reconciler.report.document import plain
from reconciler.report.sanitize import terminal

_GAP = "  "
_NARROWEST = 8


def render_table(
    console: Console,
    rows: Iterable[Mapping[str, Any]],
    columns: Sequence[str],
    *,
    empty: str = "Nothing found.",
) -> None:
    """A table with a column for each name in `columns`. On a terminal long cells are folded, between words,
    to its width; elsewhere each row stays one line, for `grep` and `awk`.
    """
    cells = [[cell(row.get(column)) for column in columns] for row in rows]
    if not cells:
        console.print(Text(empty), soft_wrap=True, highlight=False)
        return
    table = [[terminal(column).upper() for column in columns], *cells]
    widths = fitting(console, table)
    for number, line in enumerate(table):
        for text in folded(line, widths):
            style = "bold" if console.is_terminal and not number else ""
            console.print(Text(text, style), soft_wrap=True, highlight=False)


def fitting(console: Console, table: Sequence[Sequence[str]]) -> Sequence[int]:
    """How wide the columns of these lines are. On a terminal the widest give way until all fit, as far as no
    word has to be broken.
    """
    columns = list(zip(*table, strict=True))
    widths = [max(map(cell_len, column)) for column in columns]
    return within(table, console.width) if console.is_terminal else widths


def within(table: Sequence[Sequence[str]], width: int) -> Sequence[int]:
    """How wide the columns of these lines are where all of them shall fit into this width."""
    columns = list(zip(*table, strict=True))
    widths = [max(map(cell_len, column)) for column in columns]
    room = width - len(_GAP) * (len(widths) - 1)
    # What is wider than the terminal is broken by it anyway, wherever it stands.
    whole = [[width for text in column if (width := lines.longest(text)) <= room] for column in columns]
    least = [max(_NARROWEST, *some) if some else _NARROWEST for some in whole]
    while sum(widths) > room:
        spare, widest = max(
            (width - low, at) for at, (width, low) in enumerate(zip(widths, least, strict=True))
        )
        if spare <= 0:
            break
        widths[widest] -= 1
    return widths


def folded(cells: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    """One row as lines, each cell as wide as its column at most, but for words that are wider."""
    columns = [
        [line.plain for line in lines.wrapped(Text(text), width)] or [""]
        for text, width in zip(cells, widths, strict=True)
    ]
    for line in zip_longest(*columns, fillvalue=""):
        padded = (text + " " * (width - cell_len(text)) for text, width in zip(line, widths, strict=True))
        yield _GAP.join(padded).rstrip()


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
