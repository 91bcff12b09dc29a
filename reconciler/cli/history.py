"""history: past runs, and the drafts that they replaced."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import watched
from reconciler.cli.confirm import confirm, unasked
from reconciler.cli.settings import Settings, common, settings

if TYPE_CHECKING:
    from reconciler.verbs.history import Kept, Past


@click.command()
@click.argument("run", metavar="[ID]", required=False)
@click.option(
    "--restore",
    is_flag=False,
    flag_value="",
    metavar="[ADDRESS]",
    help="Put the draft that this run replaced back in its integration.",
)
@unasked
@common
def history(run: str | None, restore: str | None, yes: bool) -> int:
    """List what was done when, by the journal.

    With an ID, or `latest`, show each step of that run.
    """
    from reconciler.verbs.history import history as read
    from reconciler.verbs.history import past

    here = settings()
    if restore is not None:
        if run is None:
            raise click.UsageError("--restore needs the ID of a run")
        return _restore(here, past(here.session(), run), restore, yes)
    if run is not None:
        _show(here, past(here.session(), run))
        return 0
    runs = read(here.session(), here.environment)
    if here.format != "text":
        here.show("runs", {"runs": [_summary(one) for one in runs]})
        return 0
    _list(here, runs)
    return 0


def _restore(here: Settings, run: Past, address: str, yes: bool) -> int:

    from reconciler.cli.plan import carry_out, finish
    from reconciler.model.errors import InvalidInput
    from reconciler.verbs.restore import choose, plan_restore
    from reconciler.verbs.session import Options

    kept = choose(run, address)
    if here.environment not in (None, run.environment):
        raise InvalidInput.of(
            "environment",
            f'this run was in environment "{run.environment}", not in "{here.environment}"',
            hint="leave -e out",
        )
    here.environment = run.environment
    here.outlasts = True
    session = here.session()
    planned = watched.run(plan_restore, session, kept)
    if not yes:
        confirm(
            f'Replace the draft of {kept.address} in "{run.environment}" by the one of {_local(kept.at)}?',
            hint="give --yes",
        )
    outcome, seconds = carry_out(here, session, planned, Options())
    code = finish(here, outcome, seconds)
    if code == 0:
        here.say(
            f"The draft of {kept.address} is again what that run replaced, and no more what git says: "
            f"see how they differ with: reconciler plan --select {kept.address}"
        )
    return code


def _list(here: Settings, runs: list[Past]) -> None:
    from reconciler.report.tables import render_table

    rows = [
        {
            "id": one.id,
            "when": _local(one.at)[:16],
            "environment": one.environment,
            **{name: one.statuses.get(name, 0) for name in ("done", "failed")},
            "actions": one.actions,
            "status": one.status,
        }
        for one in runs
    ]
    names = ("id", "when", "environment", "actions", "done", "failed", "status")
    render_table(here.out, rows, names, empty="Nothing was applied from this folder yet.")


def _show(here: Settings, one: Past) -> None:
    from reconciler.report.errors import render_refusals
    from reconciler.report.tables import render_table

    if here.format != "text":
        here.show("run", {**_summary(one), "entries": list(one.entries)})
        return
    facts = {
        "run": one.path.stem,
        "when": _local(one.at),
        "environment": one.environment,
        "status": one.status,
        **({"damaged": f"{one.damaged} lines cannot be read"} if one.damaged else {}),
    }
    here.facts(facts)
    here.out.print()
    rows = [
        {
            "at": _local(str(entry.get("at", "")))[11:],
            "event": entry.get("event"),
            "action": entry.get("action"),
            "outcome": _first(entry, ("error", "because", "status", "operation", "file")),
        }
        for entry in one.entries
    ]
    render_table(here.out, rows, ("at", "event", "action", "outcome"))
    if one.refusals:
        here.out.print()
        render_refusals(here.out, here.hinted({"refusals": _refusals(one)})["refusals"])
    if one.drafts:
        here.out.print()
        here.out.out("Drafts that were replaced, and are kept:", highlight=False)
        drafts = [{"address": kept.address, "file": str(kept.path)} for kept in one.drafts]
        render_table(here.out, drafts, ("address", "file"))
        back = here.pasted(f"Bring one back: reconciler history {one.id} --restore ADDRESS")
        here.out.out(back, highlight=False)


def _first(entry: dict[str, Any], names: Iterable[str]) -> Any:
    return next((entry[name] for name in names if entry.get(name)), None)


def _summary(one: Past) -> dict[str, Any]:
    return {
        "id": one.path.stem,
        "at": one.at,
        "environment": one.environment,
        "status": one.status,
        "actions": one.actions,
        "summary": one.statuses,
        "file": str(one.path),
        "damaged": one.damaged,
        "refusals": _refusals(one),
        "drafts": [_draft(kept) for kept in one.drafts],
    }


def _refusals(one: Past) -> list[dict[str, Any]]:
    from reconciler.report.document import refusal_document

    return [refusal_document(refusal) for refusal in one.refusals]


def _draft(kept: Kept) -> dict[str, Any]:
    return {"address": kept.address, "at": kept.at, "file": str(kept.path), "digest": kept.digest}


def _local(moment: str) -> str:
    """A moment of the journal in the time of this machine, to the second."""
    from datetime import datetime

    try:
        return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return moment
