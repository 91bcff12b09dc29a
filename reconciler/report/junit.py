"""JUnit XML, which every CI service shows: an action that did not end well, a drifted field and an error are
failed test cases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from xml.etree import ElementTree as Xml

from reconciler.report import values
from reconciler.report.facts import FACTS, facts
from reconciler.report.sanitize import terminal

Document = Mapping[str, Any]
Case = tuple[str, str, str, str, float]
"""Class, name, what became of it (`failure`, `skipped` or empty), text, seconds."""


def junit(kind: str, document: Document) -> str:
    """The document of a kind as one test suite."""
    cases = list(_cases(kind, document))
    counts = {word: sum(case[2] == word for case in cases) for word in ("failure", "skipped")}
    suite = Xml.Element(
        "testsuite",
        name=terminal(f"reconciler {kind} {document.get('project', '')} {document.get('environment', '')}"),
        tests=str(len(cases)),
        failures=str(counts["failure"]),
        errors="0",
        skipped=str(counts["skipped"]),
        timestamp=str(document.get("createdAt", "")),
        time=f"{document.get('seconds') or 0:.3f}",
    )
    for group, name, ending, text, seconds in cases:
        case = Xml.SubElement(
            suite, "testcase", classname=terminal(group), name=terminal(name), time=f"{seconds:.3f}"
        )
        if ending:
            lines = [terminal(line) for line in text.split("\n")]
            Xml.SubElement(case, ending, message=lines[0]).text = "\n".join(lines)
    outer = Xml.Element("testsuites")
    outer.append(suite)
    Xml.indent(outer)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{Xml.tostring(outer, encoding="unicode")}\n'


def _cases(kind: str, document: Document) -> Iterator[Case]:
    """Also what ended the run: whatever was told before, the suite fails by that."""
    if kind in FACTS:
        told = facts(kind, document)
        yield told.title.lower(), told.line, "", "", 0.0
    elif kind != "errors":
        yield from _CASES[kind](document)
    yield from _errors(document)


def _plan(document: Document) -> Iterator[Case]:
    """What would be done is neither good nor bad: it is counted as skipped. What is refused fails."""
    for action in document["actions"]:
        yield action["address"], _step(action), "skipped", f"{action['verb']}: {action['reason']}", 0.0
    yield from _left_out(document)
    yield from _refused(document)
    if not document["actions"] and not document.get("refusals"):
        yield "plan", "nothing is to do", "", "", 0.0


def _outcome(document: Document) -> Iterator[Case]:
    for action in document["actions"]:
        ending = {"failed": "failure", "stale": "failure", "skipped": "skipped"}.get(action["status"], "")
        said = [action["error"] or values.unfinished(action), action["hint"]]
        text = "\n".join(part for part in said if part)
        yield action["address"], _step(action), ending, text or action["status"], action["seconds"] or 0.0
    yield from _left_out(document)
    yield from _refused(document)


def _refused(document: Document) -> Iterator[Case]:
    for refusal in document.get("refusals", ()):
        yield refusal.get("address") or "plan", refusal["code"], "failure", _told(refusal), 0.0


def _left_out(document: Document) -> Iterator[Case]:
    for one in document.get("leftOut", ()):
        yield one["address"], "left out", "skipped", one["reason"], 0.0


def _drift(document: Document) -> Iterator[Case]:
    for drift in document["drift"]:
        applied, live = values.pair(drift["applied"], drift["live"], values.LONG)
        text = f"{values.CAUSES[drift['cause']]}\napplied: {applied}\nlive: {live}"
        ending = "failure" if drift.get("certain", True) else "skipped"
        yield drift["address"], drift["path"], ending, text, 0.0
    for one in document.get("missing", ()):
        yield one["address"], "missing", "failure", values.missing_text(one), 0.0
    if not document["drift"] and not document.get("missing"):
        yield "drift", "nothing has drifted", "", "", 0.0


def _test(document: Document) -> Iterator[Case]:
    for run in document["tests"]:
        ending = "failure" if run["problems"] else ""
        said = [*run["problems"], *(f"{log['severity']} {log['message']}" for log in run["logs"] or ())]
        yield document["address"], run["flow"], ending, "\n".join(said), run["seconds"]


def _inventory(document: Document) -> Iterator[Case]:
    """What stands in a tenant is neither good nor bad."""
    for row in document["resources"]:
        yield row["address"], row["status"], "", "", 0.0
    for warning in document["warnings"]:
        yield "list", warning["code"], "skipped", _told(warning), 0.0


def _rehearsal(document: Document) -> Iterator[Case]:
    failed = {one["id"] for one in document["failures"]}
    for action in document["plan"]["actions"]:
        if action["id"] not in failed:
            yield action["address"], _step(action), "", "", 0.0
    for one in document["failures"]:
        text = "\n".join(part for part in (one["error"], one["hint"]) if part)
        yield one["address"], _step(one), "failure", text or one["status"], 0.0
    yield from _refused(document)
    left = "" if document["converges"] else f"still to do: {', '.join(document['left'])}"
    yield "rehearsal", "converges", "failure" if left else "", left, 0.0


def _errors(document: Document) -> Iterator[Case]:
    for entry in values.findings(document.get("errors", ())):
        place = entry.get("address") or entry.get("file") or "input"
        yield place, entry["code"], "failure", _told(entry), 0.0


def _step(action: Document) -> str:
    return str(action["id"]).rpartition("#")[2]


def _told(entry: Document) -> str:
    return "\n".join(part for part in (entry["message"], values.place(entry), entry.get("hint")) if part)


_CASES: Mapping[str, Callable[[Document], Iterator[Case]]] = {
    "plan": _plan,
    "outcome": _outcome,
    "drift": _drift,
    "test": _test,
    "inventory": _inventory,
    "rehearsal": _rehearsal,
}
