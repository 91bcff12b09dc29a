"""probe: a real tenant's undocumented behaviour, as rules of the sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.confirm import confirm, unasked
from reconciler.cli.settings import Settings, common, settings

if TYPE_CHECKING:
    from reconciler.verbs.probe import Probed
    from reconciler.verbs.session import Session

_FORMATS = ("text", "json", "rules")


@click.command()
@unasked
@click.option("--clean", is_flag=True, help="Only remove what earlier probes left behind.")
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write what was found to a rules file: sandbox serve --rules FILE.",
)
@click.option(
    "--format", "shape", type=click.Choice(_FORMATS), help="How to show it; rules is a rules file. [text]"
)
@common
def probe(yes: bool, clean: bool, out: Path | None, shape: str | None) -> None:
    """Find out how a tenant behaves where nobody outside knows it. It makes scratch objects in the tenant,
    and removes them.
    """
    here = settings()
    session = here.session()
    if clean:
        _clean(here, session)
        return
    if not yes:
        confirm(_question(session), hint="give --yes")
    _probe(here, session, out, shape or here.format)


# Its own --format stands in place of the one that `common` adds.
probe.params = [one for one in probe.params if one.name != "format"]


def _question(session: Session) -> str:
    environment = session.environment
    where = f" ({environment.url})" if environment.url else ""
    return (
        f'This makes a scratch customer, integration and instance in "{environment.name}"{where},'
        " for a moment a second integration and instance, and deploys the instance. All of them are named"
        ' "reconciler probe … - scratch, may be deleted" and are removed at the end. Nothing else is touched.'
        " Go on?"
    )


def _clean(here: Settings, session: Session) -> None:
    import anyio

    from reconciler.verbs.probe import clean as remove

    removed = anyio.run(remove, session)
    for one in removed:
        here.say(f'Removed {one.kind} "{one.name}".')
    if not removed:
        here.say("Nothing was left.")


def _probe(here: Settings, session: Session, out: Path | None, shape: str) -> None:
    from dataclasses import replace

    import anyio

    from reconciler.report.document import dumps
    from reconciler.verbs.probe import document, rules_text, write_rules
    from reconciler.verbs.probe import probe as examine

    here.say(f'Probing "{session.environment.name}" with scratch objects, with about 90 requests.')
    probed = anyio.run(examine, replace(session, notice=here.say))
    for one in probed.removed:
        here.say(f'Removed {one.kind} "{one.name}", which an earlier probe left.')
    if shape == "json":
        here.out.out(dumps(document(probed)), highlight=False)
    elif shape == "rules":
        here.out.out(rules_text(probed.findings), highlight=False, end="")
    else:
        _table(here, probed)
    if out is not None:
        write_rules(out, probed)
        here.say(f"Written to {out}. Serve a sandbox like it: reconciler sandbox serve --rules {out}")


def _table(here: Settings, probed: Probed) -> None:
    from reconciler.report.tables import render_table

    rows = [
        {"rule": one.rule, "value": "?" if one.value is None else one.value, "evidence": one.evidence}
        for one in probed.findings
    ]
    render_table(here.out, rows, ("rule", "value", "evidence"))
    total, known = len(probed.findings), len(probed.rules)
    here.say(f"Found out {known} of {total} rules with {probed.requests} requests.")
