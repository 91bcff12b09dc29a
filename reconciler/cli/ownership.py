"""adopt and forget."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.complete import ADDRESS
from reconciler.cli.confirm import confirm, unasked
from reconciler.cli.moments import now
from reconciler.cli.plan import carry_out, finish, halt
from reconciler.cli.planning import choosing, parallelism, take_lease
from reconciler.cli.settings import Settings, common, settings
from reconciler.cli.watched import run

if TYPE_CHECKING:
    from reconciler.model.adoption import Adoption
    from reconciler.model.outcome import Outcome
    from reconciler.plan.select import Selection
    from reconciler.verbs.plan import Planned
    from reconciler.verbs.session import Options, Session


@click.command()
@click.argument("address", required=False, shell_complete=ADDRESS)
@click.argument("object_id", metavar="[ID]", required=False)
@click.option("--all", "everything", is_flag=True, help="Adopt all that matches the manifests.")
@choosing("--select", "Adopt what matches these: an address, with *, or label=value.")
@choosing("--exclude", "Leave these alone.")
@click.option("--dry-run", is_flag=True, help="Show what would be adopted, and write nothing.")
@unasked
@take_lease
@parallelism
@common
def adopt(
    address: str | None,
    object_id: str | None,
    everything: bool,
    select: tuple[str, ...],
    exclude: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    take_lease: bool,
    parallelism: int,
) -> int:
    """Put this project's mark on existing objects, so that manifests govern them: on one by its id, or on all
    that plans would take for the manifests', with --all or --select.

    How they stand is recorded with them, so that later plans can tell a change in git from one in the tenant.
    Nothing else of them is changed.
    """
    from reconciler.plan.select import Selection
    from reconciler.verbs.session import Options

    options = Options(parallelism=parallelism)
    if everything or select:
        if address or (everything and select):
            raise click.UsageError("give one of ADDRESS ID, --all and --select", click.get_current_context())
        return _adopt_all(Selection(select, exclude), options, dry_run=dry_run, yes=yes, take=take_lease)
    if not (address and object_id) or exclude or dry_run:
        raise click.UsageError("give ADDRESS and ID, or --all, or --select", click.get_current_context())
    return _adopt_one(address, object_id, options, yes=yes, take=take_lease)


def _adopt_one(address: str, object_id: str, options: Options, *, yes: bool, take: bool) -> int:
    from reconciler.verbs.adopt import plan_to_adopt

    here = settings()
    session = here.session()
    planned = _planned(here, session, plan_to_adopt, address, object_id)
    if not planned.plan.actions:
        here.say(f"{address} already is {object_id}.")
    elif not yes:
        confirm(f'Put this mark on it in "{planned.plan.environment}"?', hint="give --yes")
    outcome, seconds = carry_out(here, session, planned, options, take_lease=take)
    code = finish(here, outcome, seconds)
    if code == 0 and planned.plan.actions:
        here.say(f"{address} now is {object_id}. See what would change: reconciler plan --select {address}")
    return code


def _adopt_all(selection: Selection, options: Options, *, dry_run: bool, yes: bool, take: bool) -> int:
    from msgspec import structs

    from reconciler.report.adoption import adoption_document
    from reconciler.verbs.adopt import plan_to_adopt_all

    here = settings()
    here.outlasts = not dry_run
    session = here.session()
    reading = here.reading()
    found = run(plan_to_adopt_all, replace(session, notice=reading.notice), selection, tick=reading.tick)
    planned, adoption = found.planned, found.adoption
    _show(here, adoption)
    if dry_run:
        planned = structs.replace(planned, plan=structs.replace(planned.plan, actions=()))
    number = len(planned.plan.actions)
    if number and not yes:
        _confirm(planned)
    outcome, seconds = carry_out(here, session, planned, options, take_lease=take)
    if here.format == "text" and not number:
        return 0
    code = finish(here, outcome, seconds, **adoption_document(adoption))
    if code == 0 and number:
        here.say("See what would change: reconciler plan")
    return code


def adopt_pulled(
    here: Settings, session: Session, files: Collection[str], options: Options, *, yes: bool, take: bool
) -> tuple[Outcome, dict[str, Any]]:
    """Adopts all that matches the manifests in these files; what became of it, and the document of that."""
    from reconciler.plan.select import Selection
    from reconciler.report.adoption import adoption_document
    from reconciler.report.document import outcome_document
    from reconciler.verbs.adopt import plan_to_adopt_all

    reading = here.reading()
    told = replace(session, notice=reading.notice)
    found = run(plan_to_adopt_all, told, Selection(), files, tick=reading.tick)
    _show(here, found.adoption)
    if found.planned.plan.actions and not yes:
        _confirm(found.planned)
    outcome, seconds = carry_out(here, session, found.planned, options, take_lease=take)
    created = now()
    document = outcome_document(outcome, created_at=created, seconds=seconds)
    return outcome, {**document, **adoption_document(found.adoption)}


def _show(here: Settings, adoption: Adoption) -> None:
    """What is adopted, for whoever reads text."""
    from reconciler.report.adoption import adoption_line, show_adoption

    if here.format == "text":
        show_adoption(here.out, adoption)
        here.say(f"{adoption_line(adoption)}.")


def _confirm(planned: Planned) -> None:
    number = len(planned.plan.actions)
    marks = "this mark" if number == 1 else f"these {number} marks"
    confirm(f'Write {marks} in "{planned.plan.environment}"?', hint="give --yes")


@click.command()
@click.argument("addresses", metavar="[ADDRESS]...", nargs=-1, shell_complete=ADDRESS)
@click.option("--all", "everything", is_flag=True, help="Let go of all that this project owns.")
@unasked
@take_lease
@common
def forget(addresses: tuple[str, ...], everything: bool, yes: bool, take_lease: bool) -> int:
    """Take this project's mark off objects, and leave them alone otherwise.

    The manifests need not exist any more. Of several objects that bear one mark, ADDRESS@ID names one.
    """
    from reconciler.verbs.forget import plan_to_forget, plan_to_forget_all
    from reconciler.verbs.session import Options

    if bool(addresses) == everything:
        raise click.UsageError("give ADDRESS..., or --all", click.get_current_context())
    here = settings()
    here.outlasts = True
    session = here.session()
    given = (plan_to_forget_all,) if everything else (plan_to_forget, addresses)
    planned = _planned(here, session, *given)
    if not planned.plan.actions:
        here.say("Nothing bears this project's mark.")
    elif not yes:
        confirm(f'Let go of these in "{planned.plan.environment}"?', hint="give --yes")
    outcome, seconds = carry_out(here, session, planned, Options(), take_lease=take_lease)
    return finish(here, outcome, seconds)


def _planned(
    here: Settings, session: Session, make: Callable[..., Awaitable[Planned]], *arguments: object
) -> Planned:
    """The plan, shown to whoever reads text. Raises Refused where it must not be carried out."""
    from reconciler.report.document import plan_document
    from reconciler.verbs.session import pace

    reading = here.reading()
    planned = run(make, replace(session, notice=reading.notice), *arguments, tick=reading.tick)
    if here.format == "text" and planned.plan.actions:
        created = now()
        here.show("plan", plan_document(planned.plan, created_at=created, **pace(session, planned.plan)))
    halt(here, planned, told=here.format == "text" and bool(planned.plan.actions))
    return planned
