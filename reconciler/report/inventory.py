"""A tenant by address: the document, and the text, CSV and Markdown that are made from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from rich.console import Console

from reconciler.model.inventory import Inventory, Row, Standing
from reconciler.report import lines, values
from reconciler.report.document import diagnostic_document, dumps
from reconciler.report.markdown import inventory as markdown
from reconciler.report.rows import Rows
from reconciler.report.sanitize import terminal
from reconciler.report.tables import render_table

Document = dict[str, Any]

FORMAT = "reconciler.inventory/v1"
_COLUMNS = ("address", "status", "name", "owner", "id")
_HERE = (Standing.OWNED, Standing.MATCHED, Standing.ORPHANED, Standing.UNMANAGED)
"""What counts in the coverage: what this project could own."""


def inventory_document(
    found: Inventory, *, created_at: str, standings: Collection[Standing] = (), kinds: Collection[str] = ()
) -> Document:
    """The inventory as JSON. `standings` and `kinds` choose the rows that are listed, and `kinds` also those
    that are counted.
    """
    rows = [row for row in found.rows if not kinds or row.address.kind in kinds]
    names = dict.fromkeys(row.address.kind for row in rows)
    return {
        "format": FORMAT,
        "project": found.project,
        "environment": found.environment,
        "createdAt": created_at,
        "summary": {**_counts(rows), "ignored": found.ignored},
        "kinds": {name: _counts(row for row in rows if row.address.kind == name) for name in names},
        "resources": [_row(row) for row in rows if not standings or row.standing in standings],
        "warnings": [diagnostic_document(warning) for warning in found.warnings],
    }


def _counts(rows: Iterable[Row]) -> Document:
    counts = Counter(row.standing for row in rows)
    here = sum(counts[one] for one in _HERE)
    coverage = round(counts[Standing.OWNED] / here, 3) if here else None
    return {**{one.value: counts[one] for one in Standing}, "coverage": coverage}


def _row(row: Row) -> Document:
    return {
        "address": str(row.address),
        "kind": row.address.kind,
        "status": row.standing.value,
        "id": row.id or None,
        "name": row.name,
        "owner": row.owner or None,
        **({"told": row.told} if row.told else {}),
    }


def _text(console: Console, document: Document) -> None:
    rows = document["resources"]
    columns = [one for one in _COLUMNS if one != "owner" or any(row["owner"] for row in rows)]
    if rows:
        render_table(console, rows, columns)
        console.out("")
    used = [one.value for one in Standing if document["summary"][one.value]]
    counts = [
        {"kind": name, **{one: row[one] for one in used}, "coverage": share(row)}
        for name, row in document["kinds"].items()
    ]
    if counts:
        render_table(console, counts, ["kind", *used, "coverage"])
        console.out("")
    told = [row for row in rows if row["status"] == Standing.MISSING.value and row.get("told")]
    for row in told:
        lines.write(console, 0, terminal(f"{row['address']}: {row['told']}"))
    if told:
        console.out("")
    for warning in document["warnings"]:
        console.out(terminal(f"warning: {warning['message']}"), highlight=False)
    console.out(terminal(line(document)), highlight=False)


def _csv(console: Console, document: Document) -> None:
    rows = Rows(console, "csv", ("address", "kind", "status", "id", "name", "owner"))
    for row in document["resources"]:
        rows.add(row)
    rows.close()


def _json(console: Console, document: Document) -> None:
    console.out(dumps(document), highlight=False)


def _markdown(console: Console, document: Document) -> None:
    console.out(markdown(document, line(document)), highlight=False, end="")


FORMATS: Mapping[str, Callable[[Console, Document], None]] = {
    "text": _text,
    "json": _json,
    "csv": _csv,
    "markdown": _markdown,
}


def share(counts: Mapping[str, Any]) -> str:
    """A coverage in words; nothing where there is nothing to cover."""
    return "" if counts["coverage"] is None else f"{counts['coverage']:.0%}"


def line(document: Mapping[str, Any]) -> str:
    """The whole in one line."""
    summary = document["summary"]
    parts = [f"{summary[one.value]:,} {one.value}" for one in Standing if summary[one.value]]
    parts += [f"{summary['ignored']:,} ignored"] if summary["ignored"] else []
    said = ", ".join(parts) or values.count(0, "object")
    return f"{said}. Coverage: {share(summary)}" if share(summary) else said
