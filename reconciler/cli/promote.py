"""promote."""

from __future__ import annotations

from difflib import unified_diff
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.complete import ENVIRONMENT
from reconciler.cli.confirm import confirm, unasked
from reconciler.cli.settings import Settings, common, describing, settings
from reconciler.cli.watched import run

if TYPE_CHECKING:
    from reconciler.verbs.promote import Change, Promotion


@click.command()
@click.argument("origin", metavar="FROM", shell_complete=ENVIRONMENT)
@click.argument("target", metavar="TO", shell_complete=ENVIRONMENT)
@unasked
@click.option(
    "--check",
    "--dry-run",
    "check",
    is_flag=True,
    help="Write nothing; exit with 2 if something would change.",
)
@describing
@common
def promote(origin: str, target: str, yes: bool, check: bool) -> int:
    """Rewrite the releases in git so that the environment TO asks for what FROM runs.

    FROM's tenant is read; TO's is not, and nothing is applied. Only the releases change in the files.
    """

    from reconciler.verbs.promote import promote as work_out
    from reconciler.verbs.promote import write

    here = settings()
    if here.environment is not None:
        raise click.UsageError("promote names both environments: leave -e out")
    here.environment = origin
    source = here.session()
    here.environment = target
    found = run(work_out, source, here.session())
    _show(here, found)
    if not found.edits or check:
        return 2 if found.edits else 0
    if not yes:
        count = len(found.files)
        confirm(
            f"Rewrite {count} file{'s' if count > 1 else ''}?", hint="give --yes, or --check to see alone"
        )
    write(found)
    names = ", ".join(change.file for change in found.files)
    here.say(f"Rewritten: {names}. See what it means: reconciler plan -e {target}")
    return 0


def _show(here: Settings, found: Promotion) -> None:
    from reconciler.report.document import dumps
    from reconciler.report.sanitize import terminal

    if here.format == "json":
        here.out.out(dumps(_document(found)), highlight=False)
        return
    for change in found.files:
        for line in _diff(change):
            here.out.out(terminal(line), highlight=False)
    for note in found.notes:
        here.say(f"note: {note}")
    if not found.edits:
        here.say(f"Nothing to promote: git asks for the releases in {found.target} that {found.origin} runs.")


def _diff(change: Change) -> list[str]:
    from reconciler.yaml12.text import decode

    sides = [decode(data, change.file) for data in (change.before, change.after)]
    before, after = (side.splitlines() if isinstance(side, str) else [] for side in sides)
    return list(unified_diff(before, after, f"a/{change.file}", f"b/{change.file}", lineterm=""))


def _document(found: Promotion) -> dict[str, Any]:
    return {
        "from": found.origin,
        "to": found.target,
        "changes": [
            {
                "file": edit.source.file,
                "line": edit.source.line,
                "column": edit.source.column,
                "address": edit.addresses[0],
                "addresses": list(edit.addresses),
                "variable": edit.variable,
                "before": edit.before,
                "after": edit.after,
            }
            for edit in found.edits
        ],
        "notes": list(found.notes),
    }
