"""plan, apply and drift."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.abreast import several
from reconciler.cli.confirm import confirm, unasked
from reconciler.cli.moments import now
from reconciler.cli.planning import (
    all_or_nothing,
    detailed,
    live,
    planning,
    refresh,
    refresh_in_full,
    reviewed,
    shard,
    shown,
    take_lease,
    unread,
)
from reconciler.cli.settings import Settings, common, settings, trusting
from reconciler.cli.strictness import no_warnings, nothing_left_out, strict
from reconciler.cli.waivers import given as waived
from reconciler.cli.waivers import under_rules, waiving
from reconciler.cli.watched import run

if TYPE_CHECKING:
    from reconciler.model.outcome import Outcome
    from reconciler.verbs.drift import Drifted
    from reconciler.verbs.plan import Planned
    from reconciler.verbs.session import Options, Session


@click.command()
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path), help="Save the plan to a file.")
@reviewed
@live
@refresh
@trusting
@unread
@planning
@shard
@all_or_nothing
@shown
@detailed
@strict
@common
def plan(
    out: Path | None,
    reviewed: Path | None,
    live: Path | None,
    no_secrets: bool,
    show_values: bool,
    detailed_exitcode: bool,
    strict: bool,
    **given: Any,
) -> int:
    """Show what apply would do. Nothing is written: its transport lets only queries pass."""
    from reconciler.verbs.reviewed import check
    from reconciler.verbs.saved import document, save
    from reconciler.verbs.session import Options
    from reconciler.verbs.touched import with_touched

    here, options = settings(), Options(**given)
    if len(here.environments) > 1:
        apart = _given(
            {
                "-o": out,
                "--reviewed": reviewed,
                "--live": live,
                "--strict": strict,
                "--show-values": show_values,
            }
        )
        return several(here, "plan", options, detailed=detailed_exitcode, no_secrets=no_secrets, apart=apart)
    session = against(here, replace(here.session(), no_secrets=no_secrets), live)
    planned = run(with_touched, session, _planned(here, session, options))
    created = now()
    here.show("plan", document(_for_eyes(here, planned, show_values), session, options, created))
    if strict:
        no_warnings(planned.plan)
    if out is not None:
        save(out, planned, session, options, created)
        here.say(f"Saved to {out}. Carry it out with: reconciler apply {out}")
    check(planned, None, reviewed)
    if planned.plan.refusals:
        return _refused_code()
    if strict:
        nothing_left_out(planned.plan)
    return 2 if detailed_exitcode and planned.plan.actions else 0


@click.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@unasked
@click.option("--checksum", metavar="SHA256", help="Go on only if the plan has this checksum.")
@reviewed
@waiving
@take_lease
@refresh_in_full
@planning
@shard
@all_or_nothing
@shown
@detailed
@strict
@common
def apply(
    file: Path | None,
    yes: bool,
    checksum: str | None,
    reviewed: Path | None,
    approved_by: tuple[str, ...],
    override_policy: tuple[str, ...],
    reason: str | None,
    take_lease: bool,
    show_values: bool,
    detailed_exitcode: bool,
    strict: bool,
    **given: Any,
) -> int:
    """Carry out a saved plan exactly, or plan first and ask."""
    from msgspec import structs

    from reconciler.model.plan import Verb
    from reconciler.verbs import saved
    from reconciler.verbs.reviewed import check
    from reconciler.verbs.session import Options

    if file and reviewed:
        raise click.UsageError("a saved plan is carried out as it is: give FILE or --reviewed, not both")
    here, options = settings(), Options(**given)
    waivers = waived(approved_by, override_policy, reason)
    here.outlasts = True
    session = here.session()
    document = saved.read(file) if file else None
    if document is not None:
        made_with = saved.options_of(document)
        options = structs.replace(
            made_with, all_or_nothing=made_with.all_or_nothing or options.all_or_nothing
        )
    planned = _planned(here, session, options)
    if document is not None:
        planned = saved.restrict(planned, document)
    planned = under_rules(session, planned, waivers)
    if document is None and here.format == "text":
        seen = _for_eyes(here, planned, show_values)
        here.show("plan", saved.document(seen, session, options, now()))
    check(planned, checksum, reviewed)
    if strict:
        no_warnings(planned.plan)
    told = here.format == "text" and document is None
    refused = bool(planned.plan.refusals)
    if refused and (planned.plan.vetoes or not planned.plan.actions):
        _note(here, session, planned)
    halt(here, planned, told=told)
    doing = [a for a in planned.plan.actions if a.verb is not Verb.DELETE or not refused]
    if doing and not (yes or document is not None):
        confirm(
            f'Carry out these actions in "{planned.plan.environment}"?',
            hint="give --yes, or apply a saved plan: reconciler plan -o FILE, then reconciler apply FILE",
        )
        planned = under_rules(session, planned, waivers)  # a freeze may have begun meanwhile
    code = _refused_code() if refused else 0
    if planned.plan.actions or not told:
        outcome, seconds = carry_out(here, session, planned, options, take_lease=take_lease)
        about = {"options": {"shard": options.shard}} if options.shard else {}
        code = finish(here, outcome, seconds, detailed_exitcode, **about)
    if strict and code in (0, 2):
        nothing_left_out(planned.plan)
    return code


@click.command()
@click.option(
    "--unmanaged",
    is_flag=False,
    flag_value="list",
    type=click.Choice(["list", "fail"]),
    help="List what nobody manages, of all kinds; with =fail exit with 2 where there is any.",
)
@click.option(
    "--since",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="REPORT",
    help="Say what is new, mended and remaining since a saved report (--format json).",
)
@live
@refresh
@unread
@planning
@shard
@shown
@detailed
@strict
@common
def drift(
    unmanaged: str | None,
    since: Path | None,
    live: Path | None,
    no_secrets: bool,
    show_values: bool,
    detailed_exitcode: bool,
    strict: bool,
    **given: Any,
) -> int:
    """Compare live with what was last applied."""
    from reconciler.report.document import drift_document
    from reconciler.report.since import is_new
    from reconciler.report.since import since as compared
    from reconciler.verbs.earlier import earlier
    from reconciler.verbs.session import Options

    here, options = settings(), Options(**given)
    if len(here.environments) > 1:
        apart = _given(
            {
                "--unmanaged": unmanaged,
                "--live": live,
                "--since": since,
                "--strict": strict,
                "--show-values": show_values,
            }
        )
        return several(here, "drift", options, detailed=detailed_exitcode, no_secrets=no_secrets, apart=apart)
    part: dict[str, Any] = {"select": list(options.select), "exclude": list(options.exclude)}
    part |= {"shard": options.shard} if options.shard else {}
    session = against(here, replace(here.session(), no_secrets=no_secrets), live)
    before = earlier(since, session, part) if since else None
    found = _drifted(here, session, options, unmanaged=unmanaged is not None)
    plan = _for_eyes(here, found.planned, show_values).plan
    document = drift_document(plan, found.missing, created_at=now(), unmanaged=unmanaged is not None)
    became = {"since": compared(before, document)} if before else {}
    here.show("drift", {**document, **became, **({"options": part} if any(part.values()) else {})})
    if strict:
        no_warnings(plan)
    changed = bool(found.missing) or any(one.is_certain for one in plan.drift)
    if became:
        changed = is_new(became["since"])
    return 2 if (detailed_exitcode and changed) or (unmanaged == "fail" and plan.strangers) else 0


def _given(options: Mapping[str, object]) -> list[str]:
    """The names of the options that were given."""
    return [name for name, value in options.items() if value]


def against(here: Settings, session: Session, file: Path | None) -> Session:
    """The session, with the snapshot of a file in the tenant's place where one is given; how old that is, is
    told.
    """
    from reconciler.verbs.offline import checked, offline

    if file is None:
        return session
    taken = checked(session, file)
    here.say(f"This is about the tenant as of {taken.taken_at}, as {file} has it.")
    return offline(session, taken, file)


def _for_eyes(here: Settings, planned: Planned, show_values: bool) -> Planned:
    """What is shown of a plan: with the values that may be secrets where that was asked for, and nobody but
    the person at the terminal sees it.
    """
    from msgspec import structs

    from reconciler.report.unproven import with_values

    if show_values and not here.on_terminal:
        here.say(
            "--show-values shows values on a terminal alone, in the format text: here they are not shown"
        )
    return (
        structs.replace(planned, plan=with_values(planned.plan))
        if show_values and here.on_terminal
        else planned
    )


def _planned(here: Settings, session: Session, options: Options) -> Planned:
    from reconciler.verbs.plan import plan as make

    reading = here.reading()
    planned = run(make, replace(session, notice=reading.notice), options, tick=reading.tick)
    here.places = planned.places
    return planned


def _drifted(here: Settings, session: Session, options: Options, *, unmanaged: bool) -> Drifted:
    from msgspec import structs

    from reconciler.verbs.drift import drift as make
    from reconciler.verbs.touched import with_touched

    reading = here.reading()

    async def work() -> Drifted:
        found = await make(replace(session, notice=reading.notice), options, unmanaged=unmanaged)
        told = await with_touched(session, found.planned, parallelism=options.parallelism)
        return structs.replace(found, planned=told)

    found = run(work, tick=reading.tick)
    here.places = found.planned.places
    return found


def halt(here: Settings, planned: Planned, *, told: bool) -> None:
    """Ends the run where nothing of the plan must be carried out, and says why unless that was told."""
    from reconciler.verbs.apply import refuse

    if told and planned.plan.vetoes:
        here.say("Nothing is carried out: the plan is refused, for the reasons that it tells.")
        raise click.exceptions.Exit(_refused_code())
    refuse(planned)


def _note(here: Settings, session: Session, planned: Planned) -> None:
    """Has the journal tell that nothing was carried out. What it cannot tell changes nothing else."""
    from reconciler.model.errors import JournalFailed
    from reconciler.verbs.apply import note_refused

    try:
        note_refused(session, planned)
    except JournalFailed as error:
        here.say(f"This refusal is not in the history: {error.message}")


def _refused_code() -> int:
    from reconciler.model.errors import Refused

    return Refused.exit_code


def carry_out(
    here: Settings, session: Session, planned: Planned, options: Options, *, take_lease: bool = False
) -> tuple[Outcome, float]:
    """Carries a plan out before the eyes of the person at the terminal; the outcome, and the seconds."""
    from reconciler.model.outcome import Outcome
    from reconciler.report.progress import Progress
    from reconciler.verbs.apply import apply as send

    begun = monotonic()
    if not planned.plan.actions:
        return Outcome(planned.plan, ()), 0.0
    plan = planned.plan
    with Progress(here.err, plan.actions, plan.rollouts, enabled=here.progress) as progress:

        async def work() -> Outcome:
            return await send(
                replace(session, notice=progress.notice),
                planned,
                listener=progress,
                say=here.say,
                parallelism=options.parallelism,
                take_lease=take_lease,
            )

        outcome = run(work, tick=progress.tick)
    return outcome, monotonic() - begun


def finish(
    here: Settings, outcome: Outcome, seconds: float, detailed_exitcode: bool = False, **more: Any
) -> int:
    """Shows the outcome, with `more` that is to stand in its document; the exit code. Raises what ended the
    run for all actions.
    """
    from reconciler.report.document import outcome_document

    document = outcome_document(outcome, created_at=now(), seconds=seconds)
    here.show("outcome", {**document, **more})
    return ended(here, outcome) or (2 if detailed_exitcode and outcome.results else 0)


def ended(here: Settings, outcome: Outcome) -> int:
    """The exit code of a run whose outcome was shown. Raises what ended it for all actions."""
    if outcome.fatal is not None and not outcome.interrupted:
        outcome.fatal.exit_code = outcome.exit_code  # an action may have failed before, which says more
        raise outcome.fatal
    if outcome.exit_code:
        return outcome.exit_code
    if here.lost and not isinstance(here.lost, BrokenPipeError):
        raise here.lost  # all is done, but whoever asked for the outcome does not have it
    return 0
