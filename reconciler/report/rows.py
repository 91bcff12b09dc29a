"""Rows as they arrive: a table, CSV, ids, JSON or YAML.

Whatever can be written row by row is, so that a pipe sees the first page of a long list at once.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence, Set
from typing import Any

from rich.cells import cell_len
from rich.console import Console

from reconciler.report.document import dumps
from reconciler.report.sanitize import terminal
from reconciler.report.tables import cell, render_table

FORMATS = ("table", "json", "yaml", "csv", "ids")

_GAP = "  "
_MEASURED = 100  # rows that a streamed table's widths are taken from: one page


class Rows:
    """Writes rows with these columns to a console in one of FORMATS. To be closed when there are no more.

    `moments` are the columns that hold times, which a table shows without seconds and zone (UTC).
    """

    def __init__(
        self, console: Console, format: str, columns: Sequence[str], moments: Set[str] = frozenset()
    ) -> None:
        self._console = console
        self._format = format
        self._columns = tuple(columns)
        self._moments = moments
        self._kept: list[Mapping[str, Any]] = []
        self._widths: list[int] = []
        self._count = 0
        if format == "csv":
            self._csv(self._columns)

    def add(self, row: Mapping[str, Any]) -> None:
        """One row more."""
        self._count += 1
        if self._format == "csv":
            self._csv([_bare(row.get(column)) for column in self._columns])
        elif self._format == "ids":
            self._line(terminal(str(row["id"])))
        elif self._format == "json":
            self._line("[" if self._count == 1 else ",", end="\n  ")
            self._line(dumps(row).replace("\n", "\n  "), end="")
        elif self._widths:
            self._padded(self._cells(row))
        else:
            self._kept.append(row)
            if self._format == "table" and not self._console.is_terminal and len(self._kept) == _MEASURED:
                self._begin()

    def close(self) -> None:
        """Writes what had to wait for the last row."""
        if self._format == "json":
            self._line("\n]" if self._count else "[]")
        elif self._format == "yaml":
            self._console.out(_yaml(self._kept), highlight=False, end="")
        elif self._format == "table" and not self._widths:
            heads = [_head(column) for column in self._columns]
            cells = [dict(zip(heads, self._cells(row), strict=True)) for row in self._kept]
            render_table(self._console, cells, heads)

    def _cells(self, row: Mapping[str, Any]) -> list[str]:
        return [
            _moment(row.get(column)) if column in self._moments else cell(row.get(column))
            for column in self._columns
        ]

    def _begin(self) -> None:
        """Fixes the widths by the first page, and writes it."""
        lines = [[_head(column) for column in self._columns], *map(self._cells, self._kept)]
        self._widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
        for line in lines:
            self._padded(line)
        self._kept.clear()

    def _padded(self, cells: Sequence[str]) -> None:
        padded = (
            text + " " * (width - cell_len(text)) for text, width in zip(cells, self._widths, strict=True)
        )
        self._line(_GAP.join(padded).rstrip())

    def _csv(self, values: Sequence[str]) -> None:
        text = io.StringIO()
        csv.writer(text, lineterminator="").writerow(values)
        # Into a file goes what is there; onto a screen nothing that steers it.
        self._line(terminal(text.getvalue()) if self._console.is_terminal else text.getvalue())

    def _line(self, text: str, end: str = "\n") -> None:
        self._console.file.write(text + end)
        self._console.file.flush()


def _head(column: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column).upper()


def _moment(value: Any) -> str:
    text = cell(value)
    found = re.match(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)", text)
    return f"{found[1]} {found[2]}" if found else text


def _bare(value: Any) -> str:
    """A value in CSV: exact where it is text, as JSON writes it where it is a number or a truth value."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ",".join(value)
    return json.dumps(value, ensure_ascii=False)


def _yaml(rows: Sequence[Mapping[str, Any]]) -> str:
    import yaml

    plain = [dict(row) for row in rows]
    # YAML lets characters through that turn text around on a screen; then everything is written as escapes.
    text = json.dumps(plain, ensure_ascii=False)
    return str(yaml.safe_dump(plain, sort_keys=False, allow_unicode=terminal(text) == text, width=10_000))
