"""list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.abreast import several
from reconciler.cli.complete import KIND
from reconciler.cli.moments import now
from reconciler.cli.plan import against
from reconciler.cli.planning import live, parallelism
from reconciler.cli.settings import listed, settings
from reconciler.cli.values import text
from reconciler.cli.watched import run

if TYPE_CHECKING:
    from reconciler.model.inventory import Inventory


@click.command("list")
@click.option("--owned", is_flag=True, help="What this project's manifests govern.")
@click.option("--unmanaged", is_flag=True, help="What nobody manages.")
@click.option("--orphaned", is_flag=True, help="What is ours, and in no manifest any more.")
@click.option("--missing", is_flag=True, help="What a manifest names, and is not there.")
@click.option(
    "--kind", "kinds", multiple=True, type=text, shell_complete=KIND, metavar="KIND", help="Only this kind."
)
@live
@parallelism
@listed
def inventory(
    owned: bool,
    unmanaged: bool,
    orphaned: bool,
    missing: bool,
    kinds: tuple[str, ...],
    live: Path | None,
    parallelism: int,
) -> int:
    """Show the whole tenant by address: what is whose, what nobody manages, and what is not there.

    Counts by kind follow, and the coverage: how much of what is there this project owns.
    """
    from reconciler.model.inventory import Standing
    from reconciler.report.inventory import inventory_document
    from reconciler.verbs.inventory import inventory as read
    from reconciler.verbs.session import Options

    here = settings()
    if len(here.environments) > 1:
        of_one = {"--owned": owned, "--unmanaged": unmanaged, "--orphaned": orphaned, "--missing": missing}
        apart = [name for name, given in {**of_one, "--kind": kinds, "--live": live}.items() if given]
        return several(here, "list", Options(parallelism=parallelism), apart=apart)
    session = against(here, here.session(), live)
    named = _kinds(kinds)
    reading = here.reading()

    async def work() -> Inventory:
        return await read(replace(session, notice=reading.notice), parallelism=parallelism)

    found = run(work, tick=reading.tick)
    flags = {
        Standing.OWNED: owned,
        Standing.UNMANAGED: unmanaged,
        Standing.ORPHANED: orphaned,
        Standing.MISSING: missing,
    }
    created = now()
    standings = [one for one, given in flags.items() if given]
    document = inventory_document(found, created_at=created, standings=standings, kinds=named)
    here.show("inventory", document)
    return 0


def _kinds(given: Sequence[str]) -> Sequence[str]:
    """The names of these kinds, whose case does not matter. Raises InvalidInput."""
    from reconciler.kinds import all_kinds
    from reconciler.model.errors import InvalidInput
    from reconciler.model.hints import suggest

    known = {name.lower(): name for name, kind in all_kinds().items() if kind.declared}
    for one in given:
        if one.lower() not in known:
            hint = suggest(one, [*known.values()])
            raise InvalidInput.of("unknown-kind", f'there is no kind "{one}"', hint=hint)
    return [known[one.lower()] for one in given]


list = inventory
