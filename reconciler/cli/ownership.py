"""adopt and forget."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from reconciler.cli.confirm import confirm, unasked
from reconciler.cli.plan import carry_out, finish, halt, take_lease
from reconciler.cli.settings import Settings, common, settings
from reconciler.cli.watched import run

if TYPE_CHECKING:
    from reconciler.verbs.plan import Planned
    from reconciler.verbs.session import Session


@click.command()
@click.argument("address")
@click.argument("object_id", metavar="ID")
@unasked
@take_lease
@common
def adopt(address: str, object_id: str, yes: bool, take_lease: bool) -> int:
    """Put this project's mark on one existing object, so that ADDRESS's manifest governs it.

    How it stands is recorded with it, so that later plans can tell a change in git from one in the tenant.
    """
    from reconciler.verbs.adopt import plan_to_adopt
    from reconciler.verbs.session import Options

    here = settings()
    session = here.session()
    planned = _planned(here, session, plan_to_adopt, address, object_id)
    if not planned.plan.actions:
        here.say(f"{address} already is {object_id}.")
    elif not yes:
        confirm(f'Put this mark on it in "{planned.plan.environment}"?', hint="give --yes")
    outcome, seconds = carry_out(here, session, planned, Options(), take_lease=take_lease)
    code = finish(here, outcome, seconds)
    if code == 0 and planned.plan.actions:
        here.say(f"{address} now is {object_id}. See what would change: reconciler plan --select {address}")
    return code


@click.command()
@click.argument("addresses", metavar="ADDRESS...", nargs=-1, required=True)
@unasked
@common
def forget(addresses: tuple[str, ...], yes: bool) -> int:
    """Take this project's mark off objects, and leave them alone otherwise.

    The manifests need not exist any more. Of several objects that bear one mark, ADDRESS@ID names one.
    """
    from reconciler.verbs.forget import plan_to_forget
    from reconciler.verbs.session import Options

    here = settings()
    here.outlasts = True
    session = here.session()
    planned = _planned(here, session, plan_to_forget, addresses)
    if not yes:
        confirm(f'Let go of these in "{planned.plan.environment}"?', hint="give --yes")
    outcome, seconds = carry_out(here, session, planned, Options())
    return finish(here, outcome, seconds)


def _planned(
    here: Settings, session: Session, make: Callable[..., Awaitable[Planned]], *arguments: object
) -> Planned:
    """The plan, shown to whoever reads text. Raises Refused where it must not be carried out."""
    from reconciler.report.document import plan_document
    from reconciler.report.progress import Reading
    from reconciler.verbs.session import rate

    reading = Reading(here.err, enabled=here.progress)
    planned = run(make, replace(session, notice=reading.notice), *arguments, tick=reading.tick)
    if here.format == "text" and planned.plan.actions:
        created = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        here.show("plan", plan_document(planned.plan, created_at=created, rate=rate(session)))
    halt(here, planned, told=here.format == "text" and bool(planned.plan.actions))
    return planned
