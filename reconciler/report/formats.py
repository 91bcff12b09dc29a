"""The formats that documents can be shown in: a new one is a line in the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console

from reconciler.model.errors import InvalidInput
from reconciler.report import abreast, errors, inventory, markdown, rehearsal, text
from reconciler.report.document import pieces
from reconciler.report.facts import FACTS, render_facts
from reconciler.report.github import github
from reconciler.report.junit import junit

KINDS = ("plan", "outcome", "drift", "errors")
"""Those that every verb has that plans; there are also a list, a rehearsal, a test, and FACTS."""

Document = dict[str, Any]
Renderer = Callable[[Console, str, Document, bool], None]
"""Writes a document of a kind to a console; the last argument asks for more detail."""


def _text(console: Console, kind: str, document: Document, verbose: bool) -> None:
    if kind in FACTS:
        errors.render_warnings(console, document.get("warnings", ()))
        render_facts(console, kind, document)
    elif kind in _BY_FORMAT:
        _BY_FORMAT[kind]["text"](console, document)
    else:
        text.RENDERERS[kind](console, document, verbose=verbose)
    if kind != "errors" and document.get("errors"):
        errors.render_errors(console, {"errors": document["errors"]})


def _json(console: Console, _kind: str, document: Document, _verbose: bool) -> None:
    for piece in pieces(document):
        console.out(piece, highlight=False, end="")
    console.out("")


def _markdown(console: Console, kind: str, document: Document, _verbose: bool) -> None:
    if kind in _BY_FORMAT:
        _BY_FORMAT[kind]["markdown"](console, document)
        return
    renderer = markdown.RENDERERS.get(kind)
    said = renderer(document) if renderer else markdown.told(kind, document)
    console.out(said, highlight=False, end="")


def _junit(console: Console, kind: str, document: Document, _verbose: bool) -> None:
    console.out(junit(kind, document), highlight=False, end="")


def _github(console: Console, kind: str, document: Document, _verbose: bool) -> None:
    console.out(github(kind, document), highlight=False, end="")


def _html(console: Console, kind: str, document: Document, _verbose: bool) -> None:
    from reconciler.report.html import html  # the template engine is for those who want a page

    console.out(html(kind, document), highlight=False, end="")


def _csv(console: Console, kind: str, document: Document, _verbose: bool) -> None:
    """Lists alone are rows: of whatever else there is nothing to write."""
    if kind in _BY_FORMAT and "csv" in _BY_FORMAT[kind]:
        _BY_FORMAT[kind]["csv"](console, document)


_BY_FORMAT: Mapping[str, Mapping[str, Callable[[Console, dict[str, Any]], None]]] = {
    "abreast": abreast.FORMATS,
    "inventory": inventory.FORMATS,
    "rehearsal": rehearsal.FORMATS,
}
FORMATS: Mapping[str, Renderer] = {
    "text": _text,
    "json": _json,
    "markdown": _markdown,
    "junit": _junit,
    "github": _github,
    "html": _html,
}


def render(console: Console, name: str, kind: str, document: Document, *, verbose: bool = False) -> None:
    """Writes `document`, which is of one of KINDS, to the console in the format `name`."""
    if name == "csv":
        _csv(console, kind, document, verbose)
        return
    if name not in FORMATS:
        known = ", ".join(FORMATS)
        raise InvalidInput.of("unknown-format", f'there is no format "{name}"', hint=f"choose one of {known}")
    FORMATS[name](console, kind, document, verbose)
