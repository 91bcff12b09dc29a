"""pull."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.plan import parallelism
from reconciler.cli.settings import Settings, common, settings
from reconciler.cli.values import text
from reconciler.cli.watched import run

if TYPE_CHECKING:
    from reconciler.verbs.pull import Pulled


@click.command()
@click.option(
    "--select",
    multiple=True,
    type=text,
    metavar="WHAT",
    help="Only these, with what they refer to: an address, with *.",
)
@click.option("--exclude", multiple=True, type=text, metavar="WHAT", help="Write nothing of these.")
@click.option("--dry-run", is_flag=True, help="Show which files would be written, and write none.")
@parallelism
@common
def pull(select: tuple[str, ...], exclude: tuple[str, ...], dry_run: bool, parallelism: int) -> int:
    """Write what the tenant has as manifests and definition files. Afterwards there is nothing to plan.

    No secret is written: a comment stands in its place. Nothing is changed in the tenant.
    """
    from reconciler.verbs.pull import pull as work_out
    from reconciler.verbs.pull import write
    from reconciler.verbs.session import Options

    here = settings()
    options = Options(select=select, exclude=exclude, parallelism=parallelism)
    found = run(work_out, here.session(), options, lambda _key, _value: False)
    if not dry_run:
        write(found)
    _show(here, found, dry_run=dry_run)
    return 0


def _show(here: Settings, found: Pulled, *, dry_run: bool) -> None:
    from reconciler.report.document import dumps
    from reconciler.report.sanitize import terminal

    if here.format == "json":
        here.out.out(dumps(_document(found)), highlight=False)
        return
    for path in found.written:
        here.out.out(terminal(path), highlight=False)
    for one in found.files.left_out:
        here.say(f"left out: {one.live.title}: {one.why}")
    count = len(found.written)
    done = "would be written" if dry_run else "written"
    here.say(f"{count} file{'' if count == 1 else 's'} {done}.")


def _document(found: Pulled) -> dict[str, Any]:
    return {
        "files": list(found.written),
        "leftOut": [
            {"kind": one.live.kind, "id": one.live.id, "reason": one.why} for one in found.files.left_out
        ],
    }
