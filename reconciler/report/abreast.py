"""Environments side by side: the document, and the text and Markdown that are made from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console

from reconciler.model.abreast import Abreast, Cell, Column
from reconciler.report import lines, values
from reconciler.report.comment import MESSAGE, ROOM, size, span
from reconciler.report.document import diagnostic_document, dumps, errors_document
from reconciler.report.sanitize import markdown, terminal
from reconciler.report.tables import folded, within

Document = dict[str, Any]

FORMAT = "reconciler.environments/v1"
_HEAD = ("", "RELEASE", "INSTANCES", "PENDING", "DRIFT")
NOT_KNOWN = "not known"
"""What is said of an environment that did not answer."""
_VERSIONS = 4
"""How many versions of one integration's instances a line names."""


def abreast_document(found: Abreast, *, verb: str, created_at: str) -> Document:
    """What stands side by side as JSON."""
    return {
        "format": FORMAT,
        "verb": verb,
        "project": found.project,
        "createdAt": created_at,
        "environments": [_column(one) for one in found.columns],
        "resources": [
            {
                "address": str(address),
                "kind": address.kind,
                "environments": {name: _cell(cell) for name, cell in cells.items()},
            }
            for address, cells in found.rows.items()
        ],
    }


def _column(column: Column) -> Document:
    counts = {
        "actions": column.actions,
        "refusals": column.refusals,
        "drift": column.drift,
        "missing": column.missing,
        "unmanaged": column.unmanaged,
        "orphans": column.orphans,
    }
    failed = errors_document(column.error)["errors"] if column.error else []
    return {
        "name": column.environment,
        "summary": None if column.error else counts,
        "notes": [diagnostic_document(one) for one in column.notes],
        "errors": failed,
    }


def _cell(cell: Cell) -> Document:
    return {
        "asked": cell.asked or None,
        "published": cell.published or None,
        "instances": [
            {"release": one.release or None, "version": one.version, "count": one.instances}
            for one in cell.runs
        ],
        "undeployed": cell.undeployed,
        "missing": cell.missing,
        "pending": cell.pending,
        "refused": cell.refused,
        "drift": cell.drift,
    }


def cells(document: Mapping[str, Any]) -> Iterator[tuple[str, list[tuple[str, str, str, str, str]]]]:
    """Each address with a line for each environment: its name, the release, what instances run, what is
    pending and what drifted.
    """
    silent = {one["name"] for one in document["environments"] if one["errors"]}
    for row in document["resources"]:
        found = []
        for column in document["environments"]:
            name, cell = column["name"], row["environments"].get(column["name"])
            if cell is not None:
                found.append((name, _release(cell), _runs(cell), _pending(cell), _drifted(cell)))
            else:
                found.append((name, NOT_KNOWN if name in silent else "not there", "", "", ""))
        yield row["address"], found


def _release(cell: Mapping[str, Any]) -> str:
    """What is published, and what git asks for where that is another one."""
    asked, there = cell["asked"] or "", cell["published"] or ""
    if there:
        return there if asked in ("", there) else f"{there} → {asked}"
    runs_it = {one["release"] or f"version {one['version']}" for one in cell["instances"]} == {asked}
    return asked if runs_it or asked in ("", "several") else f"→ {asked}"


def _runs(cell: Mapping[str, Any]) -> str:
    runs = cell["instances"]
    said = [
        f"{one['count']:,} on {one['release'] or 'version ' + str(one['version'])}"
        for one in runs[:_VERSIONS]
    ]
    if rest := sum(one["count"] for one in runs[_VERSIONS:]):
        said.append(f"{rest:,} on older ones")
    said += [f"{cell['undeployed']:,} not deployed"] if cell["undeployed"] else []
    said += [f"{cell['missing']:,} missing"] if cell["missing"] else []
    return ", ".join(said)


def _pending(cell: Mapping[str, Any]) -> str:
    said = [values.count(cell["pending"], "action")] if cell["pending"] else []
    said += [f"{cell['refused']:,} refused"] if cell["refused"] else []
    return ", ".join(said)


def _drifted(cell: Mapping[str, Any]) -> str:
    return values.count(cell["drift"], "field") if cell["drift"] else ""


def environment_line(column: Mapping[str, Any]) -> str:
    """An environment in one line."""
    summary = column["summary"]
    if summary is None:
        return f"{column['name']}: {column['errors'][0]['message']}"
    said = [values.count(summary["actions"], "action") if summary["actions"] else "nothing to do"]
    said += [f"{summary['refusals']:,} refused"] if summary["refusals"] else []
    said += [f"{values.count(summary['drift'], 'field')} drifted"] if summary["drift"] else []
    said += [f"{summary[one]:,} {one}" for one in ("missing", "unmanaged") if summary[one]]
    said += [values.count(summary["orphans"], "orphan")] if summary["orphans"] else []
    return f"{column['name']}: {', '.join(said)}"


def _text(console: Console, document: Document) -> None:
    groups = list(cells(document))
    table: list[Sequence[str]] = [_HEAD]
    table += [[f"  {terminal(name)}", *map(terminal, rest)] for _, rows in groups for name, *rest in rows]
    widths, left = within(table, console.width), iter(table)
    for line in folded(next(left), widths):
        console.out(line, highlight=False)
    for address, rows in groups:
        console.out(terminal(address), highlight=False)
        for _ in rows:
            for line in folded(next(left), widths):
                console.out(line, highlight=False)
    console.out("")
    for column in document["environments"]:
        failed = "error: " if column["errors"] else ""
        lines.write(console, 0, terminal(f"{failed}{environment_line(column)}"))
        for one in column["notes"]:
            lines.write(console, 4, terminal(f"note: {one['message']}"))
        for one in column["errors"][:1]:
            if one["hint"]:
                lines.write(console, 4, terminal(f"hint: {one['hint']}"))


def _json(console: Console, document: Document) -> None:
    console.out(dumps(document), highlight=False)


def _told(
    document: Mapping[str, Any], said: Sequence[str], rows: Sequence[tuple[str, Sequence[tuple[str, ...]]]]
) -> str:
    """Environments side by side: each in one line, then a row for each integration and set in each."""
    names = ", ".join(one["name"] for one in document["environments"])
    head = [f"### {span(document['project'])} in {markdown(names)}", ""]
    for column, line in zip(document["environments"], said, strict=True):
        head.append(f"- {'⛔ ' if column['errors'] else ''}{markdown(line)}")
        head += [f"  - {markdown(values.shorten(one['message'], MESSAGE))}" for one in column["notes"]]
    titles = ("", "environment", "release", "instances", "pending", "drift")
    table = [f"| {' | '.join(titles)} |", "|---|---|---|---|---|---|"]
    blocks = [
        [
            f"| {span(address) if not number else ''} | {span(name)} | "
            f"{' | '.join([*(span(one) if one else '' for one in foreign), *ours])} |"
            for number, (name, *foreign, pending, drifted) in enumerate(some)
            for ours in [(pending, drifted)]
        ]
        for address, some in rows
    ]
    room, shown = ROOM - size("\n".join(head)), 0
    for block in blocks:
        if (room := room - size("\n".join(block)) - 1) < 0:
            break
        table += block
        shown += 1
    if rest := len(blocks) - shown:
        table += ["", f"… {values.count(rest, 'row')} left out here; the JSON report has everything."]
    return "\n".join([*head, "", *(table if blocks else [])]) + "\n"


def _markdown(console: Console, document: Document) -> None:
    said = [environment_line(one) for one in document["environments"]]
    console.out(_told(document, said, list(cells(document))), highlight=False, end="")


FORMATS: Mapping[str, Callable[[Console, Document], None]] = {
    "text": _text,
    "json": _json,
    "markdown": _markdown,
}
