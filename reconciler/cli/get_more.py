"""What two kinds of `get` can do beside listing: follow one execution, and find components that are old."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.settings import Settings
from reconciler.cli.watched import run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.lists.listing import Filter, Listing
    from reconciler.verbs.executions import Seen

_LONGEST = 900.0  # as verbs.executions has it, which takes a while to load

OPTIONS: dict[str, list[click.Parameter]] = {
    "components": [
        click.Option(
            ["--outdated"],
            is_flag=True,
            help="Which integrations use an old version. Goes with --key, --public, --columns and --limit.",
        )
    ],
    "executions": [
        click.Option(["--steps"], is_flag=True, help="Of one execution: what its steps did."),
        click.Option(["--outputs"], is_flag=True, help="Of one execution: also what its steps gave."),
        click.Option(["--logs"], is_flag=True, help="Of one execution: what it logged."),
        click.Option(["--wait"], is_flag=True, help="Of one execution: wait for its end."),
        click.Option(
            ["--timeout"],
            type=click.FloatRange(0, min_open=True),
            default=_LONGEST,
            show_default=True,
            metavar="SECONDS",
            help="With --wait: how long.",
        ),
        click.Option(
            ["--exit-status"], is_flag=True, help="Of one execution: exit with 1 if it ended in an error."
        ),
    ],
}
"""The options that a kind has besides its filters."""
_ABOUT_ONE = ("steps", "outputs", "logs", "wait", "exit_status")
DOCUMENTS = ("json", "jsonl", "yaml")
"""The formats that show all columns, and parts of rows."""
_OF_OUTDATED = ("key", "public")
_PAGES = ("first", "after", "last", "before", "offset", "page_info")


def is_about_one(given: dict[str, Any]) -> bool:
    """Whether the options ask for more of one execution than a row."""
    return any(given.get(name) for name in _ABOUT_ONE)


def refuse_beside(listing: Listing, given: dict[str, Any]) -> None:
    """Refuses options that would have no effect beside others. Raises UsageError."""
    for one, other in (("first", "last"), ("offset", "before")):
        if given.get(one) is not None and given.get(other) is not None:
            raise click.UsageError(f"--{one} and --{other} do not go together")
    filters = [one for one in listing.filters if given.get(one.argument.lower()) not in (None, ())]
    pages = [f"--{name}".replace("_", "-") for name in _PAGES if given.get(name) not in (None, False)]
    if given.get("outdated"):
        wrong = [_option(one) for one in filters if one.argument not in _OF_OUTDATED]
        wrong += ["a NAME"] if given["named"] else []
        if wrong := [*wrong, *pages, *(["--sort"] if given["sort"] else [])]:
            raise click.UsageError(f"--outdated does not go with {wrong[0]}: give --key or --public")
    if not given["named"]:
        return
    if pages:
        raise click.UsageError(f"{pages[0]} is about pages of a list, and a NAME stands beside it")
    if wrong := [
        _option(one) for one in filters if _is_one(listing, given["named"]) or one.argument == listing.named
    ]:
        raise click.UsageError(f"{wrong[0]} does not go with a NAME that is one {listing.singular} already")


def _is_one(listing: Listing, named: str) -> bool:
    """Whether it can only be an id, or an address."""
    from reconciler.lists.lookups import is_id
    from reconciler.lists.tables import ADDRESSED

    return listing.named == "id" or is_id(named) or named.partition("/")[0] in ADDRESSED


def _option(one: Filter) -> str:
    return one.option.split("/")[0]


def show_execution(here: Settings, shape: str, given: dict[str, Any]) -> int:
    """One execution with its parts; the exit code."""
    from reconciler.lists.executions import EXECUTIONS
    from reconciler.lists.reading import columns
    from reconciler.report.flow_runs import render_logs
    from reconciler.report.rows import Rows
    from reconciler.report.waiting import Waiting
    from reconciler.verbs.executions import Asked, execution

    if not given["named"]:
        raise click.UsageError(
            "--steps, --outputs, --logs, --wait and --exit-status are about one execution: give its ID"
        )
    parts = bool(given["steps"] or given["outputs"] or given["logs"])
    if parts and shape in ("csv", "ids"):
        raise click.UsageError(
            f"parts of an execution cannot be shown as {shape}: choose table, json, jsonl or yaml"
        )
    limit = given["timeout"] if given["wait"] else None
    asked = Asked(given["named"], limit, given["steps"], given["logs"], given["outputs"])
    names = "id" if shape == "ids" else given["columns"] or ""
    chosen = columns(EXECUTIONS, names, every=shape in DOCUMENTS)
    session = here.session()
    with Waiting(here.err, "the execution", limit or 0.0, enabled=here.progress) as waiting:
        seen = run(execution, replace(session, notice=waiting.notice), asked, waiting, tick=waiting.tick)
    row = {column.name: seen.row[column.name] for column in chosen}
    rows = Rows(here.out, shape, [*row], {column.name for column in chosen if column.moment})
    rows.add({**row, **seen.parts} if shape in DOCUMENTS else row)
    rows.close()
    if shape == "table":
        if seen.steps is not None:
            _steps(here, seen.steps)
        if seen.logs is not None:
            here.out.print()
            render_logs(here.out, seen.logs)
        _error(here, seen)
    return 1 if given["exit_status"] and seen.failed else 0


def _steps(here: Settings, rows: Sequence[dict[str, Any]]) -> None:
    from reconciler.lists.execution import STEPS
    from reconciler.report.flow_runs import render_output
    from reconciler.report.rows import Rows

    here.out.print()
    shown = [column for column in STEPS if column.shown]
    table = Rows(here.out, "table", [c.name for c in shown], {c.name for c in shown if c.moment})
    for row in rows:
        table.add(row)
    table.close()
    for row in rows:
        if row.get("output"):
            render_output(here.out, row["step"], row["output"])


def _error(here: Settings, seen: Seen) -> None:
    from reconciler.report.sanitize import terminal

    if seen.row["error"]:
        here.out.print()
        here.out.out(terminal(f"error: {seen.row['error']}"), highlight=False)


def show_outdated(here: Settings, shape: str, given: dict[str, Any]) -> int:
    """The components of which integrations use old versions; the exit code."""
    from reconciler.lists.components import OUTDATED
    from reconciler.lists.reading import columns
    from reconciler.report.rows import Rows
    from reconciler.verbs.outdated import outdated

    names = "id" if shape == "ids" else given["columns"] or ""
    chosen = columns(OUTDATED, names, every=shape in DOCUMENTS)
    filters = {name: given[name] for name in _OF_OUTDATED if given[name] is not None}
    rows = Rows(here.out, shape, [column.name for column in chosen])
    run(outdated, here.session(), chosen, filters, rows.add, given["limit"])
    rows.close()
    return 0
