"""Documents that only tell something: that files are valid, whose token it is, what was done. Each becomes
a sentence, named values and a table, which every format shows in its way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from rich.console import Console

from reconciler.report import values
from reconciler.report.sanitize import terminal
from reconciler.report.tables import render_table

Document = Mapping[str, Any]


class Facts(Struct, frozen=True):
    """What a document tells: its title, the whole in a sentence, named values, and rows of a table."""

    title: str
    line: str
    named: Mapping[str, str]
    columns: Sequence[str] = ()
    rows: Sequence[Mapping[str, Any]] = ()


def facts(kind: str, document: Document) -> Facts:
    """What a document of one of the kinds of FACTS tells."""
    return FACTS[kind](document)


def render_facts(console: Console, kind: str, document: Document) -> None:
    """The same as text."""
    told = facts(kind, document)
    width = max(map(len, told.named), default=0) + 2
    for name, value in told.named.items():
        console.out(f"{name.capitalize():<{width}}{terminal(value)}".rstrip(), highlight=False)
    if told.rows:
        render_table(console, list(told.rows), told.columns)
    console.out(terminal(told.line), highlight=False)


def _valid(document: Document) -> Facts:
    number = document["resources"]
    counted = f"{values.count(number, 'resource')} in {values.count(document['files'], 'file')}"
    return Facts("Manifests", f"{counted} {'is' if number == 1 else 'are'} valid.", {})


def can_line(can: Document) -> str:
    """What a token may do, in a line."""
    if can["write"] is None:
        return "unknown: the tenant has no object yet that would tell"
    told = [f"{many}: {', '.join(some)}" for many, some in can.items() if many != "write" and some]
    return f"write ({'; '.join(told)})" if can["write"] else "read alone"


def _identity(document: Document) -> Facts:
    user = document["user"]
    named = {
        "user": f"{user['name']} <{user['email']}>" if user["name"] else user["email"],
        "role": user["role"],
        "organization": document["organization"]["name"],
        "tenant": document["tenant"],
        "stack": document["url"],
        "environment": document["environment"],
    }
    if "can" in document:
        named["can"] = can_line(document["can"])
    columns = ("orgName", "tenantId", "url", "current", "environments")
    shown = {name: str(value or "") for name, value in named.items()}
    line = f"{shown['user']} in {shown['organization']}."
    return Facts("Identity", line, shown, columns, document.get("tenants") or ())


def _runs(document: Document) -> Facts:
    runs = document["runs"]
    columns = ("id", "at", "environment", "actions", "status")
    line = f"{values.count(len(runs), 'run')}." if runs else "Nothing was applied from this folder yet."
    return Facts("History", line, {}, columns, runs)


def _run(document: Document) -> Facts:
    named = {name: str(document.get(name, "")) for name in ("id", "at", "environment", "status")}
    line = f"{values.count(document['actions'], 'action')}, {document['status']}."
    rows = [
        {**entry, "outcome": next((entry[name] for name in _ENDINGS if entry.get(name)), None)}
        for entry in document["entries"]
    ]
    return Facts("Run", line, named, ("at", "event", "action", "outcome"), rows)


def _policy_test(document: Document) -> Facts:
    counts = document["summary"]
    line = f"{counts['passed']} passed, {counts['failed']} failed."
    rows = [
        {
            "test": one["name"],
            "outcome": "passed" if one["passed"] else "failed",
            "rules": ", ".join(found["rule"] for found in one["policy"]),
        }
        for one in document["tests"]
    ]
    return Facts("Policy", line, {}, ("outcome", "test", "rules"), rows)


_ENDINGS = ("error", "because", "status", "operation", "file")
FACTS: Mapping[str, Callable[[Document], Facts]] = {
    "valid": _valid,
    "identity": _identity,
    "runs": _runs,
    "run": _run,
    "policytest": _policy_test,
}
