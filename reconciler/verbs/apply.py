"""`apply`: carries a plan out, with a journal, and tells how each action ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import anyio

from reconciler.model.errors import Refused
from reconciler.model.outcome import Event, Outcome
from reconciler.verbs.commit import commit_attributes
from reconciler.verbs.plan import Planned
from reconciler.verbs.session import Session, connect, state_folder

JOURNAL = "journal"


def refuse(planned: Planned) -> None:
    """Raises Refused where the plan must not be carried out."""
    if planned.plan.refusals:
        raise Refused(planned.plan.refusals)


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
) -> Outcome:
    """Carries the plan out and returns how each action ended. `say` shows a line to the person at the
    terminal. Where the project asks for a lease, it is held meanwhile; `take_lease` takes it from another
    holder. Raises Refused or NoLease before anything is changed; what fails afterwards is in the outcome.
    """
    from reconciler.apply.interrupt import watch_signals
    from reconciler.apply.journal import FileJournal
    from reconciler.apply.lease import Ports
    from reconciler.apply.run import Walk
    from reconciler.apply.step import Run
    from reconciler.live.tenant import Tenant
    from reconciler.verbs.lease import leased

    refuse(planned)
    outcome: Outcome | None = None
    async with connect(session, read_only=False, parallelism=parallelism) as client:
        ports = Ports(_now, anyio.sleep, say)
        async with leased(
            session, planned.plan, client, ports, take=take_lease, seconds=lease_seconds
        ) as lease:
            run = Run(
                project=planned.desired.project,
                resources=planned.desired.resources,
                observed=dict(planned.objects),
                policy=planned.policy,
                tenant=Tenant(client),
                journal=FileJournal(state_folder(session) / JOURNAL, _now),
                listener=listener,
                sleep=anyio.sleep,
                attributes=commit_attributes(session.environ),
                wait_seconds=wait_seconds,
            )
            walk = Walk(planned.plan, run, parallelism=parallelism, now=_now)
            async with anyio.create_task_group() as group:
                await group.start(watch_signals, walk.stop, group.cancel_scope, say)
                if lease is not None:
                    group.start_soon(lease.keep, walk.abandon)
                outcome = await walk.outcome()
                group.cancel_scope.cancel()
    if outcome is None:
        outcome = walk.cut_off()
    return outcome


def _now() -> datetime:
    return datetime.now(UTC)
