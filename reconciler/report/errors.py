"""Errors and warnings as text: what is wrong, where, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from reconciler.report import lines, values
from reconciler.report.sanitize import terminal

_STYLES = {"error": "bold red", "refused": "bold red", "warning": "bold yellow"}


def render_errors(console: Console, document: Mapping[str, Any]) -> None:
    """All errors and warnings of the document, and how many there are where there is more than one."""
    errors: Sequence[Mapping[str, Any]] = values.findings(document.get("errors", ()))
    warnings: Sequence[Mapping[str, Any]] = values.findings(document.get("warnings", ()))
    for entry in errors:
        render_entry(console, "error", entry)
    render_warnings(console, warnings)
    if len(errors) + len(warnings) > 1:
        parts = [values.count(len(found), word) for found, word in ((errors, "error"), (warnings, "warning"))]
        lines.write(
            console, 0, (f"{', '.join(part for part in parts if not part.startswith('0 '))}.", "bold")
        )


def render_warnings(console: Console, warnings: Sequence[Mapping[str, Any]]) -> None:
    """All warnings."""
    for entry in warnings:
        render_entry(console, "warning", entry)


def render_refusals(console: Console, refusals: Sequence[Mapping[str, Any]]) -> None:
    """What is refused, each finding once, of whichever resources it is said."""
    for entry in values.refusals({"refusals": refusals}):
        render_entry(console, "refused", entry)


def render_entry(console: Console, word: str, entry: Mapping[str, Any]) -> None:
    """One of them: the message, then its place, address and hint as far as they are known."""
    lines.write(console, 0, (f"{word}: ", _STYLES[word]), terminal(entry["message"]))
    place = entry.get("places") or values.place(entry)
    if place:
        lines.write(console, 2, ("--> ", "dim"), place)
    if entry.get("address"):
        lines.write(console, 2, terminal(entry["address"]))
    if entry.get("hint"):
        lines.write(console, 2, ("hint: ", "cyan"), terminal(entry["hint"]))
