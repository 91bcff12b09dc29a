"""graph."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from reconciler.cli.moments import now
from reconciler.cli.plan import against
from reconciler.cli.planning import live, planning
from reconciler.cli.settings import Settings, common, settings
from reconciler.cli.shapes import given_shape, shaped
from reconciler.cli.watched import run

_FORMATS = ("mermaid", "dot", "json", "markdown")


@click.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@live
@click.option("--no-secrets", is_flag=True, help="Read no secret; what depends on one is not compared.")
@planning
@common
def graph(file: Path | None, live: Path | None, no_secrets: bool, **given: Any) -> int:
    """Show which actions of the plan wait for which, as a Mermaid flowchart or for Graphviz.

    FILE is a saved plan; without one, a plan is made. What is refused or left out is shown beside.
    """
    from reconciler.report.document import dumps
    from reconciler.report.graph import FORMATS, graph_document
    from reconciler.verbs import saved

    here = settings()
    shape = given_shape("graph", _FORMATS, "mermaid")
    if file is not None and live is not None:
        raise click.UsageError("a saved plan was made already: leave --live out, or FILE")
    document = saved.read(file) if file else _planned(here, live, no_secrets, given)
    found = graph_document(document)
    if shape == "json":
        here.out.out(dumps(found), highlight=False)
    else:
        here.out.out(FORMATS[shape](found), highlight=False, end="")
    return 0


shaped(graph, _FORMATS, "mermaid")


def _planned(here: Settings, live: Path | None, no_secrets: bool, given: dict[str, Any]) -> dict[str, Any]:
    from reconciler.verbs import saved
    from reconciler.verbs.plan import plan
    from reconciler.verbs.session import Options

    options = Options(**given)
    reading = here.reading()
    session = against(here, replace(here.session(), no_secrets=no_secrets), live)
    planned = run(plan, replace(session, notice=reading.notice), options, tick=reading.tick)
    return saved.document(planned, session, options, now())
