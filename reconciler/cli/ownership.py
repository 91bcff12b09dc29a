"""adopt and forget."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import click

from reconciler.cli.confirm import confirm, unasked
from reconciler.cli.plan import carry_out, finish
from reconciler.cli.settings import common, settings
from reconciler.cli.watched import run


@click.command()
@click.argument("address")
@click.argument("object_id", metavar="ID")
@common
def adopt(address: str, object_id: str) -> int:
    """Put this project's mark on one existing object, so that ADDRESS's manifest governs it."""
    from reconciler.verbs.adopt import adopt as put_mark

    here = settings()
    here.say(run(put_mark, here.session(), address, object_id))
    return 0


@click.command()
@click.argument("addresses", metavar="ADDRESS...", nargs=-1, required=True)
@unasked
@common
def forget(addresses: tuple[str, ...], yes: bool) -> int:
    """Take this project's mark off objects, and leave them alone otherwise.

    The manifests need not exist any more. Of several objects that bear one mark, ADDRESS@ID names one.
    """
    from reconciler.report.document import plan_document
    from reconciler.report.progress import Reading
    from reconciler.verbs.apply import refuse
    from reconciler.verbs.forget import plan_to_forget
    from reconciler.verbs.session import Options, rate

    here = settings()
    here.outlasts = True
    session = here.session()
    reading = Reading(here.err, enabled=here.progress)
    planned = run(plan_to_forget, replace(session, notice=reading.notice), addresses, tick=reading.tick)
    if here.format == "text":
        created = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        here.show("plan", plan_document(planned.plan, created_at=created, rate=rate(session)))
    refuse(planned)
    if not yes:
        confirm(f'Let go of these in "{planned.plan.environment}"?', hint="give --yes")
    outcome, seconds = carry_out(here, session, planned, Options())
    return finish(here, outcome, seconds)
