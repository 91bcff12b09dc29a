"""What `test` brought, as the JSON document, as text, and as cases of JUnit.

A flow's answer and its logs are shown to whoever ran it: that is what they are asked for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from reconciler.report import lines
from reconciler.report.document import plain
from reconciler.report.rows import Rows
from reconciler.report.sanitize import terminal

TEST = "reconciler.test/v1"
Document = Mapping[str, Any]

_LONG = 40  # lines of a body that are shown
_TO_MILLISECONDS = len("2025-11-24T18:00:00.123")


def test_document(
    head: Mapping[str, Any], runs: Sequence[Mapping[str, Any]], seconds: float
) -> dict[str, Any]:
    """The runs as JSON; `head` says of what and when."""
    failed = sum(bool(run["problems"]) for run in runs)
    return {
        "format": TEST,
        **head,
        "seconds": round(seconds, 3),
        "summary": {"tests": len(runs), "passed": len(runs) - failed, "failed": failed},
        "tests": [plain(dict(run)) for run in runs],
    }


def render_test(console: Console, document: Document, *, verbose: bool = False) -> None:
    """Each run: how it ended, its status and body, and what its steps logged; all headers with `verbose`."""
    for run in document["tests"]:
        good = not run["problems"]
        word = ("passed", "green") if good else ("failed", "bold red")
        facts = [f"status {run['status']}"] if run["status"] is not None else []
        facts += [f"{run['seconds']:.1f} s", *([run["execution"]] if run["execution"] else [])]
        lines.write(console, 0, word, f"  {terminal(run['flow'])} ({terminal(', '.join(facts))})")
        for problem in run["problems"]:
            lines.write(console, 2, (terminal(problem), "red"))
        if verbose:
            for name, value in run["headers"].items():
                lines.write(console, 2, (terminal(f"{name}: {value}"), "dim"))
        _body(console, run["body"], verbose)
        _logs(console, run["logs"])
        lines.blank(console)
    counts = document["summary"]
    line = f"{counts['passed']} passed, {counts['failed']} failed."
    lines.write(console, 0, (line, "bold red" if counts["failed"] else "bold"))


def render_output(console: Console, step: str, output: Mapping[str, Any]) -> None:
    """What one step of an execution gave."""
    lines.blank(console)
    kind = terminal(str(output["contentType"] or ""))
    lines.write(console, 0, (terminal(f"{step}: "), "bold"), (kind, "dim"))
    _body(console, output["data"], verbose=True)


def _body(console: Console, body: Any, verbose: bool) -> None:
    if body in (None, ""):
        return
    text = body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False)
    found = text.split("\n")
    shown = found if verbose else found[:_LONG]
    for line in shown:
        lines.write(console, 2, terminal(line))
    if len(shown) < len(found):
        lines.write(console, 2, (f"{len(found) - len(shown)} more lines (-v shows all)", "dim"))


def _logs(console: Console, logs: Sequence[Mapping[str, Any]] | None) -> None:
    if logs is None:
        lines.write(console, 2, ("the logs cannot be seen with this token", "dim"))
    elif logs:
        lines.blank(console)
        render_logs(console, logs)


def render_logs(console: Console, logs: Sequence[Mapping[str, Any]]) -> None:
    """A line for each message, with times to the millisecond: steps are quicker than seconds."""
    table = Rows(console, "table", ["timestamp", "severity", "step", "message"])
    for row in logs:
        table.add({**row, "timestamp": str(row["timestamp"])[:_TO_MILLISECONDS].replace("T", " ")})
    table.close()
