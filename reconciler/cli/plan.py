"""plan, apply and drift."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reconciler.cli.confirm import confirm, unasked
from reconciler.cli.settings import Settings, common, reported, settings, stacked
from reconciler.cli.values import text
from reconciler.cli.watched import run

if TYPE_CHECKING:
    from reconciler.model.outcome import Outcome
    from reconciler.verbs.drift import Drifted
    from reconciler.verbs.plan import Planned
    from reconciler.verbs.session import Options, Session

F = TypeVar("F", bound=Callable[..., Any])


parallelism = click.option(
    "--parallelism",
    type=click.IntRange(1, 64),
    default=8,
    show_default=True,
    help="Calls at the same time.",
)
take_lease = click.option("--take-lease", is_flag=True, help="Take the lease from the run that holds it.")


live = click.option(
    "--live",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A snapshot in the tenant's place: nothing is asked, and no token is needed.",
)


def planning(command: F) -> F:
    """Adds the options of every verb that plans, gathered into one `options` argument."""
    return stacked(_PLANNING, command)


_PLANNING: tuple[Callable[[F], F], ...] = (
    reported,
    click.option(
        "--select",
        multiple=True,
        type=text,
        metavar="WHAT",
        help="Only these: an address, with *, or label=value.",
    ),
    click.option(
        "--changed-since",
        type=text,
        metavar="REV",
        help="Only what the manifests ask for otherwise than at a revision of git.",
    ),
    click.option(
        "--exclude",
        multiple=True,
        type=text,
        metavar="WHAT",
        help="Write nothing of these, whatever needs it.",
    ),
    click.option("--no-deps", is_flag=True, help="Not even what the selected ones cannot do without."),
    click.option(
        "--use",
        multiple=True,
        type=text,
        metavar="ADDRESS=ID",
        help="Which of several objects of one name is meant.",
    ),
    click.option("--prune", is_flag=True, help="Delete what is ours and stands in no manifest."),
    parallelism,
    click.option("--overwrite-drafts", is_flag=True, help="Overwrite unpublished changes of people."),
    click.option("--deploy-pending", is_flag=True, help="Deploy along what people saved and did not deploy."),
    click.option("--send-secrets", is_flag=True, help="Send secrets that cannot be read back again."),
    click.option(
        "--configured-anew",
        is_flag=True,
        help="Move instances to another configuration: they have its values.",
    ),
    click.option("--allow-deletes", is_flag=True, help="Lift the guard on many deletions."),
    click.option("--allow-updates", is_flag=True, help="Lift the guard on many changes."),
    click.option(
        "--delete-strangers", is_flag=True, help="Let what bears no mark go along with what is deleted."
    ),
)

shown = click.option(
    "--show-values",
    is_flag=True,
    help="Show, on a terminal alone, values that may be secrets.",
)
all_or_nothing = click.option(
    "--all-or-nothing", is_flag=True, help="Refuse all of it where anything is refused."
)
detailed = click.option(
    "--detailed-exitcode", is_flag=True, help="Exit with 2 where there is something to do."
)
strict = click.option(
    "--strict", is_flag=True, help="Make warnings errors, and exit with 5 where something is left out."
)


@click.command()
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path), help="Save the plan to a file.")
@live
@click.option("--no-secrets", is_flag=True, help="Read no secret; what depends on one is not compared.")
@planning
@all_or_nothing
@shown
@detailed
@strict
@common
def plan(
    out: Path | None,
    live: Path | None,
    no_secrets: bool,
    show_values: bool,
    detailed_exitcode: bool,
    strict: bool,
    **given: Any,
) -> int:
    """Show what apply would do. Nothing is written: its transport lets only queries pass."""
    from reconciler.verbs.saved import document, save
    from reconciler.verbs.session import Options

    here, options = settings(), Options(**given)
    session = against(here, replace(here.session(), no_secrets=no_secrets), live)
    planned = _planned(here, session, options)
    created = _now()
    here.show("plan", document(_for_eyes(here, planned, show_values), session, options, created))
    if strict:
        _no_warnings(planned)
    if out is not None:
        save(out, planned, session, options, created)
        here.say(f"Saved to {out}. Carry it out with: reconciler apply {out}")
    if planned.plan.refusals:
        return _refused_code()
    if strict:
        _nothing_left_out(planned)
    return 2 if detailed_exitcode and planned.plan.actions else 0


@click.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@unasked
@click.option("--checksum", metavar="SHA256", help="Go on only if the plan has this checksum.")
@take_lease
@planning
@all_or_nothing
@shown
@detailed
@strict
@common
def apply(
    file: Path | None,
    yes: bool,
    checksum: str | None,
    take_lease: bool,
    show_values: bool,
    detailed_exitcode: bool,
    strict: bool,
    **given: Any,
) -> int:
    """Carry out a saved plan exactly, or plan first and ask."""
    from reconciler.model.plan import Verb
    from reconciler.verbs import saved
    from reconciler.verbs.session import Options

    here, options = settings(), Options(**given)
    here.outlasts = True
    session = here.session()
    document = saved.read(file) if file else None
    if document is not None:
        reviewed = saved.options_of(document)
        options = replace(reviewed, all_or_nothing=reviewed.all_or_nothing or options.all_or_nothing)
    planned = _planned(here, session, options)
    if document is not None:
        planned = saved.restrict(planned, document)
    elif here.format == "text":
        seen = _for_eyes(here, planned, show_values)
        here.show("plan", saved.document(seen, session, options, _now()))
    _check(planned, checksum)
    if strict:
        _no_warnings(planned)
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
    code = _refused_code() if refused else 0
    if planned.plan.actions or not told:
        outcome, seconds = carry_out(here, session, planned, options, take_lease=take_lease)
        code = finish(here, outcome, seconds, detailed_exitcode)
    if strict and code in (0, 2):
        _nothing_left_out(planned)
    return code


@click.command()
@click.option(
    "--unmanaged",
    is_flag=False,
    flag_value="list",
    type=click.Choice(["list", "fail"]),
    help="List what nobody manages, of all kinds; with =fail exit with 2 where there is any.",
)
@live
@planning
@shown
@detailed
@strict
@common
def drift(
    unmanaged: str | None,
    live: Path | None,
    show_values: bool,
    detailed_exitcode: bool,
    strict: bool,
    **given: Any,
) -> int:
    """Compare live with what was last applied."""
    from reconciler.report.document import drift_document
    from reconciler.verbs.session import Options

    here, options = settings(), Options(**given)
    found = _drifted(here, against(here, here.session(), live), options, unmanaged=unmanaged is not None)
    plan = _for_eyes(here, found.planned, show_values).plan
    document = drift_document(plan, found.missing, created_at=_now(), unmanaged=unmanaged is not None)
    part = {"select": list(options.select), "exclude": list(options.exclude)}
    here.show("drift", {**document, **({"options": part} if any(part.values()) else {})})
    if strict:
        _no_warnings(found.planned)
    changed = bool(found.missing) or any(one.is_certain for one in plan.drift)
    return 2 if (detailed_exitcode and changed) or (unmanaged == "fail" and plan.strangers) else 0


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
    from reconciler.report.unproven import with_values

    if show_values and not here.on_terminal:
        here.say(
            "--show-values shows values on a terminal alone, in the format text: here they are not shown"
        )
    return replace(planned, plan=with_values(planned.plan)) if show_values and here.on_terminal else planned


def _planned(here: Settings, session: Session, options: Options) -> Planned:
    from reconciler.report.progress import Reading
    from reconciler.verbs.plan import plan as make

    reading = Reading(here.err, enabled=here.progress)
    planned = run(make, replace(session, notice=reading.notice), options, tick=reading.tick)
    here.places = planned.places
    return planned


def _drifted(here: Settings, session: Session, options: Options, *, unmanaged: bool) -> Drifted:
    from reconciler.report.progress import Reading
    from reconciler.verbs.drift import drift as make

    reading = Reading(here.err, enabled=here.progress)

    async def work() -> Drifted:
        return await make(replace(session, notice=reading.notice), options, unmanaged=unmanaged)

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


def _no_warnings(planned: Planned) -> None:
    from reconciler.model.errors import InvalidInput

    if planned.plan.warnings:
        raise InvalidInput([replace(warning, severity="error") for warning in planned.plan.warnings])


def _nothing_left_out(planned: Planned) -> None:
    from reconciler.model.errors import Refused
    from reconciler.model.plan import Refusal

    if left_out := planned.plan.left_out:
        hint = "take it out of --exclude, or into --select; or leave --strict out"
        raise Refused(
            [
                Refusal("left-out", f"it is left out: it {one.reason}", str(one.address), hint)
                for one in left_out
            ]
        )


def _check(planned: Planned, checksum: str | None) -> None:
    from reconciler.model.errors import Stale

    wanted = (checksum or "").removeprefix("sha256:")
    if wanted and wanted != planned.plan.checksum.removeprefix("sha256:"):
        raise Stale(
            f"the plan's checksum is {planned.plan.checksum}, not sha256:{wanted}",
            hint="review the plan again: the tenant or the manifests changed",
        )


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
    with Progress(here.err, len(planned.plan.actions), enabled=here.progress) as progress:

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

    document = outcome_document(outcome, created_at=_now(), seconds=seconds)
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


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
