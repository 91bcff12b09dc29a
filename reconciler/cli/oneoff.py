"""deploy, enable and disable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import click

from reconciler.cli.complete import ADDRESS
from reconciler.cli.confirm import confirm, unasked
from reconciler.cli.moments import now
from reconciler.cli.plan import carry_out, finish, halt
from reconciler.cli.planning import choosing, detailed, parallelism, take_lease
from reconciler.cli.settings import common, settings, stacked
from reconciler.cli.values import text
from reconciler.cli.watched import run

F = TypeVar("F", bound=Callable[..., Any])


def _about_instances(command: F) -> F:
    return stacked(_OPTIONS, command)


_OPTIONS: tuple[Callable[[F], F], ...] = (
    click.argument("addresses", metavar="[ADDRESS|ID]...", nargs=-1, type=text, shell_complete=ADDRESS),
    choosing("--select", "These too: an address, with *, or label=value."),
    unasked,
    parallelism,
    take_lease,
    detailed,
    common,
)


@click.command()
@_about_instances
def deploy(**given: Any) -> int:
    """Deploy instances as they are configured, once, also where nothing changed.

    The manifests have no say and may be gone. An instance that is disabled stays so.
    """
    return _once("deploy", **given)


@click.command()
@_about_instances
def enable(**given: Any) -> int:
    """Enable instances, until the next apply says otherwise.

    The manifests have no say and may be gone.
    """
    return _once("enable", **given)


@click.command()
@_about_instances
def disable(**given: Any) -> int:
    """Disable instances, until the next apply says otherwise.

    The manifests have no say and may be gone.
    """
    return _once("disable", **given)


def _once(
    verb: str,
    addresses: tuple[str, ...],
    select: tuple[str, ...],
    yes: bool,
    parallelism: int,
    take_lease: bool,
    detailed_exitcode: bool,
) -> int:
    from reconciler.model.plan import Verb
    from reconciler.report.document import plan_document
    from reconciler.verbs.oneoff import plan_one_off
    from reconciler.verbs.session import Options, pace

    here = settings()
    here.outlasts = True
    session = here.session()
    reading = here.reading()
    told = replace(session, notice=reading.notice)
    planned = run(plan_one_off, told, Verb(verb), addresses, select, tick=reading.tick)
    document = plan_document(
        planned.plan,
        created_at=now(),
        **pace(session, planned.plan),
    )
    if here.format == "text" and planned.plan.actions:
        here.show("plan", document)
    elif document.get("warnings"):
        here.show("errors", {"errors": [], "warnings": document["warnings"]}, to_stderr=True)
    halt(here, planned, told=here.format == "text" and bool(planned.plan.actions))
    if not planned.plan.actions and here.format == "text":
        here.out.out(f"Nothing to do: already {verb}d.", highlight=False)
        return 0
    if planned.plan.actions and not yes:
        confirm(f'{verb.capitalize()} these in "{planned.plan.environment}"?', hint="give --yes")
    outcome, seconds = carry_out(
        here, session, planned, Options(parallelism=parallelism), take_lease=take_lease
    )
    return finish(here, outcome, seconds, detailed_exitcode)
