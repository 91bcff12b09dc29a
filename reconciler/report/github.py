"""GitHub's workflow commands: errors and warnings become annotations at the lines of the manifests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconciler.report import inventory, values
from reconciler.report.facts import FACTS, facts
from reconciler.report.sanitize import terminal

Document = Mapping[str, Any]


def github(kind: str, document: Document) -> str:
    """The annotations of a document, one a line, and one line that sums it up."""
    return "".join(f"{line}\n" for line in _all(kind, document))


def _all(kind: str, document: Document) -> Iterator[str]:
    if kind in FACTS:
        told = facts(kind, document)
        yield from _entries("warning", document.get("warnings", ()))
        yield _annotation("notice", {"title": f"reconciler: {told.title.lower()}"}, told.line)
    else:
        yield from _LINES[kind](document)
    if kind != "errors":
        yield from _entries("error", document.get("errors", ()))


def _plan(document: Document) -> Iterator[str]:
    yield from _entries("error", document.get("refusals", ()))
    yield from _entries("warning", document.get("warnings", ()))
    yield from _left_out(document)
    yield from _entries("notice", document.get("notes", ()))
    if waiting := values.waiting_line(document):
        yield _annotation("warning", {"title": "deletions wait"}, waiting)
    yield _annotation("notice", {"title": "reconciler plan"}, values.plan_line(document) or "Refused.")


def _outcome(document: Document) -> Iterator[str]:
    for action in document["actions"]:
        if action["status"] in ("failed", "stale"):
            text = "\n".join(part for part in (action["error"], action["hint"]) if part)
            yield _annotation("error", {**_place(action), "title": action["id"]}, text or action["status"])
    yield from _entries("error", document.get("refusals", ()))
    yield from _left_out(document)
    yield _annotation("notice", {"title": "reconciler apply"}, values.outcome_line(document))


def _left_out(document: Document) -> Iterator[str]:
    for line in values.left_out_lines(document):
        yield _annotation("notice", {"title": "left out"}, line)


def _drift(document: Document) -> Iterator[str]:
    for drift in document["drift"]:
        applied, live = values.pair(drift["applied"], drift["live"])
        cause = values.CAUSES[drift["cause"]]
        text = f"{drift['path']} is not as last applied ({cause}): applied {applied}, live {live}"
        level = "warning" if drift.get("certain", True) else "notice"
        yield _annotation(level, {**_place(drift), "title": drift["address"]}, text)
    for one in document.get("missing", ()):
        place = {**_place(one), "title": one["address"]}
        yield _annotation("warning", place, values.missing_text(one))
    for line in values.unmanaged_lines(document):
        yield _annotation("notice", {"title": "managed by nobody"}, line)
    yield from _entries("warning", values.unseen(document))
    yield from _entries("notice", document.get("notes", ()))
    yield _annotation("notice", {"title": "reconciler drift"}, values.drift_line(document))


def _test(document: Document) -> Iterator[str]:
    for run in document["tests"]:
        if run["problems"]:
            title = f"{document['address']}: {run['flow']}"
            yield _annotation("error", {"title": title}, "\n".join(run["problems"]))
    counts = document["summary"]
    said = f"{counts['passed']} passed, {counts['failed']} failed."
    yield _annotation("notice", {"title": "reconciler test"}, said)


def _inventory(document: Document) -> Iterator[str]:
    yield from _entries("warning", document["warnings"])
    yield _annotation("notice", {"title": "reconciler list"}, inventory.line(document))


def _rehearsal(document: Document) -> Iterator[str]:
    for one in document["failures"]:
        text = "\n".join(part for part in (one["error"], one["hint"]) if part)
        yield _annotation("error", {**_place(one), "title": one["id"]}, text or one["status"])
    yield from _entries("error", document["refusals"])
    ends = "It converges." if document["converges"] else "It does not converge."
    yield _annotation("notice", {"title": "reconciler rehearse"}, ends)


def _errors(document: Document) -> Iterator[str]:
    yield from _entries("error", document.get("errors", ()))
    yield from _entries("warning", document.get("warnings", ()))


def _entries(level: str, entries: Any) -> Iterator[str]:
    for entry in entries:
        title = entry.get("address") or entry.get("code") or ""
        text = "\n".join(part for part in (entry["message"], entry.get("hint")) if part)
        yield _annotation(level, {**_place(entry), "title": title}, text)


def _place(entry: Document) -> dict[str, str]:
    places = {"file": entry.get("file"), "line": entry.get("line"), "col": entry.get("column")}
    return {name: str(value) for name, value in places.items() if value}


def _annotation(level: str, properties: Mapping[str, str], text: str) -> str:
    """One command. Nothing from outside can end it or begin another: what steers is escaped."""
    said = ",".join(f"{name}={_property(value)}" for name, value in properties.items() if value)
    lines = [terminal(line) for line in text.split("\n")]
    return f"::{level} {said}::" + "%0A".join(line.replace("%", "%25") for line in lines)


def _property(value: str) -> str:
    escaped = terminal(value).replace("%", "%25")
    return escaped.replace(":", "%3A").replace(",", "%2C")


_LINES: Mapping[str, Callable[[Document], Iterator[str]]] = {
    "plan": _plan,
    "outcome": _outcome,
    "drift": _drift,
    "errors": _errors,
    "test": _test,
    "inventory": _inventory,
    "rehearsal": _rehearsal,
}
