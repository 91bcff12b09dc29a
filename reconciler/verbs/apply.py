"""`apply`: carries a plan out, with a journal, and tells how each action ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import anyio

from reconciler.model.errors import ReconcilerError, Refused, Unforeseen
from reconciler.model.outcome import Event, Outcome
from reconciler.verbs.commit import commit_attributes
from reconciler.verbs.plan import Planned
from reconciler.verbs.policy import enforced
from reconciler.verbs.session import Session, connect, state_folder

if TYPE_CHECKING:
    from reconciler.apply.journal import GatheredJournal

JOURNAL = "journal"


def refuse(planned: Planned) -> None:
    """Raises Refused, with all that is refused, where nothing of the plan must be carried out."""
    plan = enforced(planned.plan)
    if plan.vetoes:
        raise Refused(plan.refusals)


def note_refused(session: Session, planned: Planned) -> None:
    """Notes in the journal what was refused, where nothing is carried out beside it. Raises JournalFailed."""
    journal = _journal(session, planned)
    journal.begin(planned.plan)
    journal.end("finished")


def _journal(session: Session, planned: Planned) -> GatheredJournal:
    """A new one for this plan; old ones go."""
    from reconciler.apply.journal import GatheredJournal
    from reconciler.apply.retention import prune
    from reconciler.verbs.origin import origin

    folder, machine = state_folder(session) / JOURNAL, session.machine
    prune(folder, machine.now())
    tenant, began = planned.live.tenant, origin(session)
    return GatheredJournal(folder, machine.now, tenant, pid=machine.pid, disk=machine.disk, origin=began)


async def apply(
    session: Session,
    planned: Planned,
    *,
    listener: Callable[[Event], None],
    say: Callable[[str], None],
    parallelism: int = 8,
    wait_seconds: float = 300.0,
    take_lease: bool = False,
    lease_seconds: float = 600.0,
    shard_seconds: float = 300.0,
) -> Outcome:
    """Carries the plan out and returns how each action ended. `say` shows a line to the person at the
    terminal. Where the project asks for a lease, it is held meanwhile; `take_lease` takes it from another
    holder. What other shards do is waited for, at most `shard_seconds`. Raises Refused or NoLease before
    anything is changed; what fails afterwards is in the outcome.
    """
    from reconciler.apply.interrupt import watch_signals
    from reconciler.apply.lease import Ports
    from reconciler.apply.listening import harmless
    from reconciler.apply.pages import Pages
    from reconciler.apply.run import Walk
    from reconciler.apply.running import Run
    from reconciler.apply.unsent import Unsent
    from reconciler.live.tenant import Tenant
    from reconciler.verbs.elsewhere import elsewhere
    from reconciler.verbs.lease import leased

    refuse(planned)
    machine = session.machine
    walk: Walk | None = None
    outcome: Outcome | None = None
    try:
        async with connect(session, read_only=False, parallelism=parallelism) as client:
            ports = Ports(machine.now, anyio.sleep, harmless(say))
            shard = (planned.options and planned.options.shard) or ""
            async with leased(
                session, planned.plan, client, ports, take=take_lease, seconds=lease_seconds, shard=shard
            ) as lease:
                journal = _journal(session, planned)
                client.before_writing(journal.make_safe)
                run = Run(
                    project=planned.desired.project,
                    resources=planned.desired.resources,
                    observed=dict(planned.objects),
                    policy=planned.policy,
                    tenant=Tenant(client),
                    journal=journal,
                    listener=listener,
                    sleep=anyio.sleep,
                    clock=machine.clock,
                    attributes=commit_attributes(session.environ),
                    wait_seconds=wait_seconds,
                    seen=planned.live.by_id(),
                    pages=Pages(planned.plan.actions, planned.live),
                    unsent=Unsent(client.withdraw),
                )
                others = elsewhere(session, planned, run, ports, shard_seconds)
                walk = Walk(
                    planned.plan,
                    run,
                    parallelism=parallelism,
                    now=machine.now,
                    together=lambda: client.writes_at_once,
                    elsewhere=others,
                )
                async with anyio.create_task_group() as group:
                    await group.start(
                        watch_signals, walk.stop, group.cancel_scope, ports.say, machine.signals
                    )
                    if lease is not None:
                        group.start_soon(lease.keep, walk.abandon)
                    if others is not None:
                        group.start_soon(others.watch)
                    with machine.span("apply", actions=len(planned.plan.actions)):
                        outcome = await walk.outcome()
                    group.cancel_scope.cancel()
    except Exception as error:
        # What was done stays done, and is told: from the first action on, nothing takes the outcome's place.
        if walk is None or not walk.begun:
            raise
        outcome = outcome or walk.cut_off(why(error))
    assert walk is not None
    return outcome or walk.cut_off()


def why(error: Exception) -> ReconcilerError:
    """The error to tell: itself, or the first of those that concurrent tasks ended with."""
    first: BaseException = error
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first if isinstance(first, ReconcilerError) else Unforeseen(first)
