"""rehearse."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.moments import now
from reconciler.cli.planning import detailed, live, planning, shard
from reconciler.cli.settings import common, settings, trusting
from reconciler.cli.strictness import no_warnings, nothing_left_out, strict
from reconciler.cli.watched import run

if TYPE_CHECKING:
    from reconciler.model.rehearsal import Rehearsal


@click.command()
@live
@trusting
@click.option(
    "--faults",
    type=click.IntRange(0, 1000),
    default=0,
    metavar="N",
    help="Carry it out N times more, and kill each of these runs at some moment.",
)
@click.option("--seed", type=int, default=0, metavar="N", help="What these moments follow from.")
@click.option("--diff", is_flag=True, help="Show what each instance would look like.")
@planning
@shard
@detailed
@strict
@common
def rehearse(
    live: Path | None,
    faults: int,
    seed: int,
    diff: bool,
    detailed_exitcode: bool,
    strict: bool,
    **given: Any,
) -> int:
    """Carry the plan out on a copy of the tenant in a sandbox of its own, and plan again.

    Nothing is written to the tenant, and no secret is needed. Exits with 1 where something fails.
    """
    from reconciler.report.rehearsal import rehearsal_document
    from reconciler.verbs.rehearse import rehearse as play
    from reconciler.verbs.session import Options, pace

    here, options = settings(), Options(**given)
    session = here.session()
    reading = here.reading()

    async def work() -> Rehearsal:
        return await play(
            replace(session, notice=reading.notice), options, file=live, faults=faults, seed=seed
        )

    found = run(work, tick=reading.tick)
    created = now()
    document = rehearsal_document(found, created_at=created, diff=diff, **pace(session, found.plan))
    here.show("rehearsal", document)
    if found.outcome.interrupted:
        return 130
    if strict:
        no_warnings(found.plan)
    if not found.succeeds:
        return 1
    if strict:
        nothing_left_out(found.plan)
    return 2 if detailed_exitcode and found.plan.actions else 0
