"""Renders as a caller would, into text."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from rich.console import Console

from reconciler.model.outcome import Outcome
from reconciler.model.plan import Plan
from reconciler.report import document, formats

from . import samples

GOLDEN = Path(__file__).parent / "golden"


def plan_of(plan: Plan) -> dict[str, Any]:
    return document.plan_document(plan, created_at=samples.CREATED, rate=10)


def outcome_of(outcome: Outcome) -> dict[str, Any]:
    return document.outcome_document(outcome, created_at=samples.CREATED, seconds=3.2)


def drift_of(plan: Plan) -> dict[str, Any]:
    return document.drift_document(plan, created_at=samples.CREATED)


def console(width: int = 80, *, terminal: bool = False) -> Console:
    return Console(
        file=io.StringIO(),
        width=width,
        force_terminal=terminal,
        color_system="truecolor" if terminal else None,
        legacy_windows=False,
        _environ={},
    )


def written(to: Console) -> str:
    assert isinstance(to.file, io.StringIO)
    return to.file.getvalue()


def rendered(
    name: str,
    kind: str,
    doc: dict[str, Any],
    *,
    verbose: bool = False,
    width: int = 80,
    terminal: bool = False,
) -> str:
    to = console(width, terminal=terminal)
    formats.render(to, name, kind, doc, verbose=verbose)
    return written(to)
