"""Rows as they arrive: a table, CSV, ids, JSON (whole, or a line for each) or YAML.

Whatever can be written row by row is, so that a pipe sees the first page of a long list at once.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence, Set
from typing import Any

from rich.console import Console
from rich.text import Text

from reconciler.report.document import dumps
from reconciler.report.sanitize import json_text, terminal
from reconciler.report.tables import cell, fitting, folded

FORMATS = ("table", "json", "jsonl", "yaml", "csv", "ids")

_MEASURED = 100  # rows that a table's widths are taken from: one page


class Rows:
    """Writes rows with these columns to a console in one of FORMATS. To be closed when there are no more.

    `moments` are the columns that hold times, which a table shows without seconds and zone (UTC). Of JSON and
    YAML that are `paged`, the rows are one part, and the page that is given at the end the other.
    """

    def __init__(
        self,
        console: Console,
        format: str,
        columns: Sequence[str],
        moments: Set[str] = frozenset(),
        *,
        paged: bool = False,
    ) -> None:
        self._console = console
        self._format = format
        self._columns = tuple(columns)
        self._moments = moments
        self._paged = paged
        self._kept: list[Sequence[str]] = []
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
            self._line(self._opening if self._count == 1 else ",", end="\n  ")
            self._line(dumps(row).replace("\n", "\n  "), end="")
        elif self._format == "jsonl":
            self._line(_one_line(row))
        elif self._format == "yaml":
            self._line("rows:\n" if self._paged and self._count == 1 else "", end="")
            self._line(_yaml([dict(row)]), end="")
        elif self._widths:
            self._in_columns(self._cells(row))
        else:
            self._kept.append(self._cells(row))
            if len(self._kept) == _MEASURED:
                self._begin()

    def close(self, page: Mapping[str, Any] | None = None) -> None:
        """Writes what had to wait for the last row, and where the page lies if that is to be told."""
        if self._format == "json":
            self._line("\n]" if self._count else f"{self._opening}]", end="" if self._paged else "\n")
            if self._paged:
                self._line(f', "page": {dumps(page)}}}')
        elif self._format == "jsonl" and self._paged:
            self._line(_one_line({"page": page}))
        elif self._format == "yaml":
            if not self._count:
                self._line("rows: []" if self._paged else "[]")
            if self._paged:
                self._line(_yaml({"page": page}), end="")
        elif self._format == "table" and not self._count:
            self._line("Nothing found.")
        elif self._format == "table" and not self._widths:
            self._begin()

    @property
    def _opening(self) -> str:
        return '{"rows": [' if self._paged else "["

    def _cells(self, row: Mapping[str, Any]) -> list[str]:
        return [
            _moment(row.get(column)) if column in self._moments else cell(row.get(column))
            for column in self._columns
        ]

    def _begin(self) -> None:
        """Fixes the widths by the first page, and writes it."""
        heads = [_head(column) for column in self._columns]
        self._widths = list(fitting(self._console, [heads, *self._kept]))
        self._in_columns(heads, "bold")
        for cells in self._kept:
            self._in_columns(cells)
        self._kept.clear()

    def _in_columns(self, cells: Sequence[str], style: str = "") -> None:
        """One row: on a terminal long cells are folded between words."""
        for text in folded(cells, self._widths):
            if self._console.is_terminal:
                self._console.print(Text(text, style), soft_wrap=True, highlight=False)
            else:
                self._line(text)

    def _csv(self, values: Sequence[str]) -> None:
        file = io.StringIO()
        # Only the characters of the terminator are sure to be put in quotes.
        csv.writer(file, lineterminator="\r\n").writerow(values)
        text = file.getvalue().removesuffix("\r\n")
        # Into a file goes what is there; onto a screen nothing that steers it.
        self._line(terminal(text) if self._console.is_terminal else text)

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


def _one_line(document: Mapping[str, Any]) -> str:
    return json_text(json.dumps(document, ensure_ascii=False, allow_nan=False))


def _yaml(part: Any) -> str:
    """A part of the document in YAML."""
    import yaml

    # YAML lets characters through that turn text around on a screen; then everything is written as escapes.
    text = json.dumps(part, ensure_ascii=False)
    plain = terminal(text) == text
    return str(yaml.safe_dump(part, sort_keys=False, allow_unicode=plain, width=10_000))
