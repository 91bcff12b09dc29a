"""scaffold: a commented manifest to begin with."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.complete import KIND
from reconciler.cli.settings import common, settings
from reconciler.cli.shapes import given_shape, shaped
from reconciler.cli.values import text

_FORMATS = ("text",)


@click.command()
@click.argument("kind", type=text, shell_complete=KIND)
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write it into this new file, and its schema beside the project.",
)
@common
def scaffold(kind: str, out: Path | None) -> int:
    """Print a manifest of KIND: what it must have, with an example, and all else as comments."""
    from reconciler.verbs.scaffold import scaffold as made
    from reconciler.verbs.scaffold import write

    here = settings()
    given_shape("scaffold", _FORMATS, "text")
    if out is None:
        here.out.out(made(kind), highlight=False, end="")
        return 0
    write(here.session(), kind, out)
    here.say(f"Written to {out}. Fill in the names, then: reconciler validate")
    return 0


shaped(scaffold, _FORMATS, "text")
