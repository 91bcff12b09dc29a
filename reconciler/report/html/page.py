"""Puts what a page shows into its template: all is escaped, and only its own style and script run."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from reconciler.report.html.content import content
from reconciler.report.sanitize import terminal


def html(kind: str, document: Mapping[str, Any]) -> str:
    """The document of a kind as one file."""
    return rendered("page.html.j2", content(kind, document), styles=("page.css",), script="page.js")


def rendered(
    template: str, page: object, *, styles: Sequence[str], script: str = "", connects: str = "'none'"
) -> str:
    """A page in a template, with styles and, where one is named, a script of this folder, which `connects`
    there alone.
    """
    style, code = "".join(map(_part, styles)), _part(script) if script else ""
    scripts = _only(code) if code else "'none'"
    policy = (
        f"default-src 'none'; style-src {_only(style)}; script-src {scripts}; connect-src {connects}; "
        "base-uri 'none'; form-action 'none'"
    )
    return _template(template).render(
        page=page, style=Markup(style), script=Markup(code), policy=Markup(policy)
    )


@cache
def _template(name: str) -> Template:
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_inert,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.from_string(_part(name))


def _inert(value: object) -> object:
    """What is not seen is written out: it could turn around what is."""
    return value if isinstance(value, Markup) or not isinstance(value, str) else terminal(value)


@cache
def _part(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _only(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
    return f"'sha256-{digest}'"
