"""The formats that documents can be shown in: a new one is a line in the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console

from reconciler.model.errors import InvalidInput
from reconciler.report import markdown, text
from reconciler.report.document import dumps
from reconciler.report.github import github
from reconciler.report.junit import junit

KINDS = ("plan", "outcome", "drift", "errors")

Renderer = Callable[[Console, str, Mapping[str, Any], bool], None]
"""Writes a document of a kind to a console; the last argument asks for more detail."""


def _text(console: Console, kind: str, document: Mapping[str, Any], verbose: bool) -> None:
    text.RENDERERS[kind](console, document, verbose=verbose)


def _json(console: Console, _kind: str, document: Mapping[str, Any], _verbose: bool) -> None:
    console.out(dumps(document), highlight=False)


def _markdown(console: Console, kind: str, document: Mapping[str, Any], _verbose: bool) -> None:
    console.out(markdown.RENDERERS[kind](document), highlight=False, end="")


def _junit(console: Console, kind: str, document: Mapping[str, Any], _verbose: bool) -> None:
    console.out(junit(kind, document), highlight=False, end="")


def _github(console: Console, kind: str, document: Mapping[str, Any], _verbose: bool) -> None:
    console.out(github(kind, document), highlight=False, end="")


FORMATS: Mapping[str, Renderer] = {
    "text": _text,
    "json": _json,
    "markdown": _markdown,
    "junit": _junit,
    "github": _github,
}


def render(
    console: Console, name: str, kind: str, document: Mapping[str, Any], *, verbose: bool = False
) -> None:
    """Writes `document`, which is of one of KINDS, to the console in the format `name`."""
    if name not in FORMATS:
        known = ", ".join(FORMATS)
        raise InvalidInput.of("unknown-format", f'there is no format "{name}"', hint=f"choose one of {known}")
    FORMATS[name](console, kind, document, verbose)
