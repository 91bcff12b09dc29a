"""explain: what a kind or a field of a manifest means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.complete import EXPLAINED
from reconciler.cli.settings import Settings, common, settings
from reconciler.cli.shapes import given_shape, shaped
from reconciler.cli.values import text

if TYPE_CHECKING:
    from reconciler.verbs.explain import Explained

_FORMATS = ("text", "json")


@click.command()
@click.argument("asked", metavar="[KIND[.FIELD…]]", required=False, type=text, shell_complete=EXPLAINED)
@common
def explain(asked: str | None) -> int:
    """Say what a kind of manifest means, or one of its fields; without KIND, list the kinds."""
    from msgspec import to_builtins

    from reconciler.report.document import dumps
    from reconciler.report.tables import render_table
    from reconciler.verbs.explain import explain as told
    from reconciler.verbs.explain import kinds_told

    here = settings()
    shape = given_shape("explain", _FORMATS, "text")
    if asked is None:
        known = [{"kind": name, "description": description} for name, description in kinds_told()]
        if shape == "json":
            here.out.out(dumps(known), highlight=False)
        else:
            render_table(here.out, known, ("kind", "description"))
        return 0
    found = told(asked)
    if shape == "json":
        here.out.out(dumps(to_builtins(found)), highlight=False)
    else:
        _show(here, found)
    return 0


shaped(explain, _FORMATS, "text")


def _show(here: Settings, one: Explained) -> None:
    from rich.text import Text

    from reconciler.report.tables import cell, render_table

    here.out.out(".".join(filter(None, (one.kind, one.path.removeprefix("spec.")))), highlight=False)
    here.out.print()
    here.out.print(Text(one.description), highlight=False)
    if one.path:
        here.out.print()
        here.facts(
            {
                "type": one.type,
                "required": cell(one.required),
                **({"default": cell(one.default)} if one.default is not None else {}),
                **({"must": one.must.removeprefix("must ")} if one.must else {}),
                **({"refers to": one.refers} if one.refers else {}),
                "secret": _SECRET[one.secret],
                **({"example": _bare(one.examples[0])} if one.examples else {}),
            }
        )
    if one.fields:
        here.out.print()
        rows: list[dict[str, Any]] = [
            {
                "field": field.name,
                "type": field.type,
                "required": field.required,
                "meaning": field.description,
            }
            for field in one.fields
        ]
        render_table(here.out, rows, ("field", "type", "required", "meaning"))


_SECRET = {"never": "no", "may": "values may be secrets", "always": "yes: never shown"}


def _bare(example: object) -> str:
    from reconciler.report.values import show

    return example if isinstance(example, str) else show(example)
