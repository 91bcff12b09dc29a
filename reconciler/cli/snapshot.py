"""snapshot."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.planning import parallelism
from reconciler.cli.settings import common, settings
from reconciler.cli.watched import run

if TYPE_CHECKING:
    from reconciler.verbs.snapshot import Taken


@click.command()
@click.option(
    "-o", "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file to write."
)
@parallelism
@common
def snapshot(out: Path, parallelism: int) -> int:
    """Read what plans need of the tenant into a file, for plans without it. No secret is written down."""
    from reconciler.verbs.snapshot import save
    from reconciler.verbs.snapshot import snapshot as take

    here = settings()
    session = here.session()
    reading = here.reading()

    async def work() -> Taken:
        return await take(replace(session, notice=reading.notice), parallelism=parallelism)

    taken = run(work, tick=reading.tick)
    save(session, out, taken.snapshot)
    held = taken.snapshot
    kept = "as an HMAC under secretKey" if held.check else "left out: they are not compared"
    here.facts(
        {
            "file": str(out),
            "tenant": held.tenant,
            "taken": held.taken_at,
            "requests": str(taken.requests),
            "secrets": f"{held.withheld} texts that are or may be secrets, {kept}",
        }
    )
    here.say(f"Plan against it with: reconciler plan --live {out}")
    return 0
