"""One turn of `watch`: plan and drift of what is read once, and what may be done about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from msgspec import Struct, structs

from reconciler.model.address import Address
from reconciler.model.errors import NotAuthenticated, ReconcilerError, Refused, Unreachable
from reconciler.model.outcome import Event, Outcome, Result, Status
from reconciler.model.plan import Fate, Plan, Verb
from reconciler.model.watching import State, Told, Turn
from reconciler.policy.window import Window
from reconciler.report.document import errors_document
from reconciler.verbs.apply import apply, why
from reconciler.verbs.drift import Drifted, drift
from reconciler.verbs.plan import Planned
from reconciler.verbs.policy import enforced, judged
from reconciler.verbs.session import Options, Session
from reconciler.verbs.touched import with_touched
from reconciler.verbs.watch_waves import waves

_SAID = 20
"""Errors and refusals that a turn tells one by one."""


class Carrying(Struct, frozen=True):
    """That plans are carried out, and within which hours. `say` is told what people would wonder about."""

    window: Window | None
    say: Callable[[str], None]
    listener: Callable[[Event], None] = lambda _: None


async def look(
    session: Session, options: Options, carrying: Carrying | None, known: Container[str] = ()
) -> Turn:
    """Plans, and carries out what may be. Who changed what drifts is asked of what is not `known` first.
    Raises ReconcilerError where the tenant or the manifests cannot be read, or the run cannot begin.
    """
    machine = session.machine
    at, begun = machine.now(), machine.clock()
    found = await drift(_undeleting(session) if carrying else session, options)
    planned = await _with_who(session, found.planned, options, known)
    plan = judged(session, planned.plan, planned.desired, planned.live.tenant)
    held, outcome, ended = "", None, None
    phases = {"plan": machine.clock() - begun}
    if carrying:
        plan = enforced(plan)
        held = _held(session, plan, carrying.window)
        if plan.actions and not held and options.refresh:  # what is carried out rests on all
            return await look(session, structs.replace(options, refresh=None), carrying, known)
        if plan.actions and not held:
            outcome, ended = await _carried_out(
                session, structs.replace(planned, plan=plan), options, carrying
            )
            phases["apply"] = machine.clock() - begun - phases["plan"]
    told = _turn(structs.replace(found, planned=structs.replace(planned, plan=plan)), outcome, ended, at)
    return structs.replace(told, seconds=machine.clock() - begun, phases=phases, held=held)


async def _with_who(session: Session, planned: Planned, options: Options, known: Container[str]) -> Planned:
    """The plan with who changed what drifts in it. That the tenant does not say costs nobody the turn."""
    newest = tuple(sorted(planned.plan.drift, key=lambda one: str(one.address) in known))
    try:
        told = await with_touched(
            session,
            structs.replace(planned, plan=structs.replace(planned.plan, drift=newest)),
            parallelism=options.parallelism,
        )
    except (Unreachable, NotAuthenticated):
        return planned
    return structs.replace(planned, plan=structs.replace(planned.plan, touched=told.plan.touched))


async def _carried_out(
    session: Session, planned: Planned, options: Options, carrying: Carrying
) -> tuple[Outcome | None, ReconcilerError | None]:
    """What became of a plan, and what ended that for all of it: what was seen before is told all the same."""
    try:
        outcome = await apply(
            session, planned, listener=carrying.listener, say=carrying.say, parallelism=options.parallelism
        )
    except Exception as error:  # nothing was begun: another run holds the lease, or the tenant is gone
        return None, why(error)
    return outcome, outcome.fatal


def failed(session: Session, error: ReconcilerError, seconds: float) -> Turn:
    """A turn that an error ended."""
    return Turn(State.FAILED, session.machine.now(), seconds, told=_told([error]))


def _undeleting(session: Session) -> Session:
    """The session, whose plans delete nothing, whatever its project file says of that."""
    project = session.project
    return replace(session, project=replace(project, policy=structs.replace(project.policy, prune=False)))


def _held(session: Session, plan: Plan, window: Window | None) -> str:
    """Why nothing of a plan is carried out; empty where nothing stands against it."""
    if not plan.actions:
        return ""
    if plan.vetoes:
        return "the plan is refused"
    if any(action.verb is Verb.DELETE for action in plan.actions):
        return "something would be deleted, which the loop never does"
    if window is not None and not window.is_open(session.machine.now()):
        return f'it is not within "{window.text}"'
    return ""


def _turn(found: Drifted, outcome: Outcome | None, ended: ReconcilerError | None, at: datetime) -> Turn:
    plan, desired = found.planned.plan, found.planned.desired
    results = outcome.results if outcome else ()
    done = {one.action.id for one in results if one.status is Status.DONE}
    wrong = [one for one in results if one.status in (Status.FAILED, Status.STALE)]
    drifted = {one.address for one in plan.drift if one.is_certain}
    drifted |= {one.address for one in found.missing if one.why is Fate.DELETED}
    open_ = {one.address for one in plan.actions if one.id not in done}
    healed = (drifted & {one.address for one in plan.actions}) - open_
    failed = {one.action.address for one in wrong}
    counted = {
        "managed": list(desired.resources),
        "synced": list(desired.resources.keys() - open_ - (drifted - healed)),
        "drifted": list(drifted),
        "pending": list(open_),
        "failed": list(failed),
        "unmanaged": [one.address for one in plan.strangers],
    }
    more = {"missing": len(found.missing), "refused": len(plan.refusals), "orphans": len(plan.orphans)}
    return Turn(
        _state(plan, bool(drifted), outcome, bool(wrong or ended)),
        at,
        plan=f"sha256:{plan.checksum.removeprefix('sha256:')}",
        summary={**{name: len(some) for name, some in counted.items()}, **more, "done": len(done)},
        kinds=_by_kind({**counted, "drifted": list(drifted - healed)}),
        drift=tuple(sorted(map(str, drifted))),
        healed=tuple(sorted(map(str, healed))),
        touched={str(one.address): one for one in plan.touched},
        waves=waves(desired.rollouts, plan.rollouts, open_, failed, plan.barred),
        results=Counter(one.status.value for one in outcome.results) if outcome else {},
        told=_told(_errors(plan, ended, wrong)),
        interrupted=bool(outcome and outcome.interrupted),
    )


def _state(plan: Plan, drifted: bool, outcome: Outcome | None, wrong: bool) -> State:
    """The one word for it: of several, what most needs somebody to look."""
    if wrong:
        return State.FAILED
    if plan.refusals:
        return State.REFUSED
    if outcome and not outcome.interrupted:
        return State.APPLIED
    if drifted:
        return State.DRIFTED
    return State.PENDING if plan.actions else State.IN_SYNC


def _errors(plan: Plan, ended: ReconcilerError | None, wrong: Iterable[Result]) -> Iterable[ReconcilerError]:
    if ended:
        yield ended
    for one in wrong:
        yield ReconcilerError(one.error, address=str(one.action.address), hint=one.hint)
    if plan.refusals:
        yield Refused(plan.refusals)


def _told(errors: Iterable[ReconcilerError]) -> tuple[Told, ...]:
    entries = [entry for error in errors for entry in errors_document(error)["errors"]]
    return tuple(Told(one["code"], one["message"], one["address"], one["hint"]) for one in entries[:_SAID])


def _by_kind(counted: Mapping[str, Iterable[Address]]) -> Mapping[str, Mapping[str, int]]:
    each = {name: Counter(address.kind for address in some) for name, some in counted.items()}
    kinds = sorted({kind for some in each.values() for kind in some})
    return {kind: {name: some[kind] for name, some in each.items()} for kind in kinds}
