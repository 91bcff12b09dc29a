"""history: past runs, and the drafts that they replaced."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import watched
from reconciler.cli.complete import PATTERN, RUN
from reconciler.cli.confirm import confirm, unasked
from reconciler.cli.moments import moment
from reconciler.cli.settings import Settings, common, settings
from reconciler.cli.values import text

if TYPE_CHECKING:
    from reconciler.verbs.history import Kept, Past


@click.command()
@click.argument("words", metavar="[show] [ID]", nargs=-1, shell_complete=RUN)
@click.option("--failed", is_flag=True, help="Only runs that failed somewhere, or were cut off.")
@click.option(
    "--address",
    type=text,
    metavar="ADDRESS",
    shell_complete=PATTERN,
    help="Only runs that did, or refused, something to this address; * stands for any text.",
)
@click.option("--since", type=moment, metavar="WHEN", help="Only runs since a date, or 2h or 3d ago.")
@click.option(
    "--restore",
    is_flag=False,
    flag_value="",
    metavar="[ADDRESS]",
    help="Put the draft that this run replaced back in its integration.",
)
@unasked
@common
def history(
    words: tuple[str, ...],
    failed: bool,
    address: str | None,
    since: str | None,
    restore: str | None,
    yes: bool,
) -> int:
    """List what was done when, by whom, by the journal.

    With an ID, or `latest`, show each step of that run; `show` may stand before it.
    """
    from reconciler.verbs.history import history as read
    from reconciler.verbs.history import past

    here = settings()
    run = _named(words)
    if run is not None and (failed or address or since):
        raise click.UsageError("--failed, --address and --since choose among all runs: leave the ID out")
    if restore is not None:
        if run is None:
            raise click.UsageError("--restore needs the ID of a run")
        return _restore(here, past(here.session(), run), restore, yes)
    if run is not None:
        _show(here, past(here.session(), run))
        return 0
    runs = [
        one
        for one in read(here.session(), here.environment)
        if (not failed or one.went_wrong)
        and (address is None or one.concerns(address))
        and (since is None or one.began_since(datetime.fromisoformat(since)))
    ]
    if here.format != "text":
        here.show("runs", {"runs": [_summary(one) for one in runs]})
        return 0
    chosen = failed or bool(address or since)
    _list(here, runs, "There is no such run." if chosen else "Nothing was applied from this folder yet.")
    return 0


def _named(words: tuple[str, ...]) -> str | None:
    """The ID among the words."""
    if words == ("show",):
        raise click.UsageError("show needs the ID of a run, or latest")
    *before, run = words or (None,)
    if before not in ([], ["show"]):
        raise click.UsageError("one run at a time: give one ID")
    return run


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
    session = replace(here.session(), verb="restore")
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


def _list(here: Settings, runs: list[Past], empty: str) -> None:
    from reconciler.report.tables import render_table

    rows = [
        {
            "id": one.id,
            "when": _local(one.at)[:16],
            "environment": one.environment,
            **one.origin,
            "done": f"{one.statuses.get('done', 0)} of {one.actions}",
            "failed": one.statuses.get("failed", 0),
            "took": _took(one.seconds),
            "status": one.status,
        }
        for one in runs
    ]
    names = ("id", "when", "environment", "verb", "done", "status")
    more = ("failed", "took", "commit", "by") if here.verbose else ()
    render_table(here.out, rows, (*names, *more), empty=empty)


def _took(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.1f} s"


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
        **{name: value for name, value in one.origin.items() if value},
        "status": one.status,
        **({"took": took} if (took := _took(one.seconds)) else {}),
        **_waived(one),
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
        **{name: value or None for name, value in one.origin.items()},
        "seconds": one.seconds,
        "actions": one.actions,
        "summary": one.statuses,
        "file": str(one.path),
        "damaged": one.damaged,
        "refusals": _refusals(one),
        "approvedBy": list(one.approved_by),
        "overridden": [{"rule": rule, "reason": reason} for rule, reason in one.overridden],
        "drafts": [_draft(kept) for kept in one.drafts],
    }


def _waived(one: Past) -> dict[str, str]:
    """Who approved it, and which rules were overridden, as named facts."""
    overridden = "; ".join(f"{rule}: {reason}" for rule, reason in one.overridden)
    facts = {"approved by": ", ".join(one.approved_by), "overridden": overridden}
    return {name: value for name, value in facts.items() if value}


def _refusals(one: Past) -> list[dict[str, Any]]:
    from reconciler.report.document import refusal_document

    return [refusal_document(refusal) for refusal in one.refusals]


def _draft(kept: Kept) -> dict[str, Any]:
    return {"address": kept.address, "at": kept.at, "file": str(kept.path), "digest": kept.digest}


def _local(moment: str) -> str:
    """A moment of the journal in the time of this machine, to the second."""
    try:
        return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return moment
