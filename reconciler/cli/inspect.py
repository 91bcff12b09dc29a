"""get, whoami, api and history."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.settings import Settings, common, settings

if TYPE_CHECKING:
    from reconciler.kinds.listings import Filter, Listing
    from reconciler.verbs.get import Wanted
    from reconciler.verbs.history import Past
    from reconciler.verbs.whoami import Who

_FORMATS = ("table", "json", "yaml", "csv", "ids")
_FORMAT = "reconciler.get.format"
_TYPES: dict[str, Any] = {"Int": int}


def _keep_format(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    if value:
        ctx.meta[_FORMAT] = value


def _format_option() -> click.Option:
    return click.Option(
        ["--format", "shape"],
        type=click.Choice([*_FORMATS, "text"]),
        expose_value=False,
        callback=_keep_format,
        help="How to show the rows. table (text) is the default.",
    )


class _Kinds(click.Group):
    """A command for each list, made when it is asked for: their tables take a while to load."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click asks so
        """The kinds, in the plural."""
        from reconciler.kinds.listings_tables import LISTINGS

        return [listing.kind for listing in LISTINGS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of a kind, in the singular or the plural."""
        from reconciler.kinds.listings_tables import find

        listing = find(cmd_name)
        return _listing_command(listing) if listing else None


@click.group(cls=_Kinds, subcommand_metavar="KIND [NAME] [OPTIONS]...")
@common
def get() -> None:
    """Show live objects. Each kind has the filters that the API has for it: see `get KIND --help`."""


get.params = [*(one for one in get.params if one.name != "format"), _format_option()]


def _listing_command(listing: Listing) -> click.Command:
    """`get KIND`, with an option for each of its filters."""

    @common
    def run(**given: Any) -> None:
        _get(listing, given)

    # What `common` added to the function, but for the format, of which lists have their own.
    shared = [one for one in click.command()(run).params if one.name != "format"]
    params: list[click.Parameter] = []
    if listing.named or listing.nested:
        params.append(click.Argument(["named"], metavar="[NAME]", required=False, default=""))
    if listing.nested:
        params.append(
            click.Option(["--integration", "parent"], required=True, help="Of this one: a name or an id.")
        )
    params += [_filter_option(one) for one in listing.filters]
    params += _paging() if params else []
    params += [
        click.Option(["--columns"], default="", metavar="A,B", help=f"Of: {', '.join(_names(listing))}."),
        _format_option(),
        *shared,
    ]
    return click.Command(listing.kind, params=params, callback=run, help=listing.help)


def _names(listing: Listing) -> list[str]:
    return [column.name for column in listing.columns]


def _filter_option(one: Filter) -> click.Option:
    kind: Any = click.Choice(one.choices, case_sensitive=False) if one.choices else _TYPES.get(one.type, str)
    several = one.type.startswith("[")
    if one.type == "Boolean":
        return click.Option([one.option, one.argument.lower()], default=None, help=one.help)
    return click.Option([one.option, one.argument.lower()], type=kind, multiple=several, help=one.help)


def _paging() -> list[click.Parameter]:
    number = click.IntRange(1, 100)
    return [
        click.Option(["--first"], type=number, help="One page: this many, of those that follow --after."),
        click.Option(["--after"], metavar="CURSOR", help="One page: behind this cursor."),
        click.Option(["--last"], type=number, help="One page: this many, from the end."),
        click.Option(["--before"], metavar="CURSOR", help="One page: before this cursor."),
        click.Option(["--offset"], type=click.IntRange(0), help="One page: without the first so many."),
        click.Option(["--limit"], type=click.IntRange(0), help="At most this many rows, over all pages."),
        click.Option(
            ["--sort"], default="", metavar="COLUMN", help="By this column; -COLUMN turns the order."
        ),
    ]


def _get(listing: Listing, given: dict[str, Any]) -> None:
    from functools import partial

    import anyio

    from reconciler.report.rows import Rows
    from reconciler.verbs.get import get as read

    here = settings()
    shape = _shape(here)
    wanted = _wanted(listing, given, every=shape in ("json", "yaml"))
    columns = [column.name for column in wanted.columns]
    moments = {column.name for column in wanted.columns if column.moment}
    session = here.session()
    rows = Rows(here.out, shape, columns, moments)
    cursor = anyio.run(partial(read, session, wanted, rows.add))
    rows.close()
    if cursor:
        here.say(f"There are more. Go on with: --after {cursor}")


def _shape(here: Settings) -> str:
    given = click.get_current_context().meta.get(_FORMAT) or here.format
    return given if given in _FORMATS else "table"


def _wanted(listing: Listing, given: dict[str, Any], *, every: bool) -> Wanted:
    from reconciler.kinds.listings import PAGING
    from reconciler.verbs.get import Wanted, columns

    values = {one.argument: given.get(one.argument.lower()) for one in listing.filters}
    shape = _shape(settings())
    return Wanted(
        listing,
        columns(listing, "id" if shape == "ids" else given["columns"], every=every),
        name=given.get("named", ""),
        filters={
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
            if value not in (None, ())
        },
        page={name: given[name] for name in PAGING if given.get(name) is not None},
        limit=given.get("limit"),
        sort=given.get("sort", ""),
        parent=given.get("parent", ""),
    )


@click.command()
@click.option("--tenants", is_flag=True, help="List all tenants of the user.")
@common
def whoami(tenants: bool) -> None:
    """Show whose token is in use, and which tenant it opens."""
    from functools import partial

    import anyio

    from reconciler.report.tables import render_table
    from reconciler.verbs.whoami import whoami as ask

    here = settings()
    who = anyio.run(partial(ask, here.session(), tenants=tenants))
    if here.format == "json":
        _json(here, _identity(who))
        return
    facts = {
        "user": f"{who.name} <{who.email}>" if who.name else who.email,
        "role": who.role,
        "organization": who.organization,
        "tenant": who.tenant,
        "stack": who.url,
        "environment": who.environment,
    }
    _facts(here, facts)
    if who.tenants is not None:
        rows = [
            {
                "organization": one.get("orgName"),
                "tenant": one.get("tenantId"),
                "url": one.get("url"),
                "current": one.get("tenantId") == who.tenant,
            }
            for one in who.tenants
        ]
        here.out.print()
        render_table(here.out, rows, ("organization", "tenant", "url", "current"))


@click.command()
@click.argument("query", required=False)
@click.option("-f", "texts", multiple=True, metavar="NAME=VALUE", help="A variable that is text.")
@click.option(
    "-F",
    "values",
    multiple=True,
    metavar="NAME=VALUE",
    help="A variable that is JSON (a number, true, null, a list …), or @FILE, or else text.",
)
@click.option(
    "--input", "source", metavar="FILE", help="Read the query from a file; - is the standard input."
)
@click.option("--paginate", is_flag=True, help="Ask for all pages, by $after and pageInfo, and join them.")
@common
def api(
    query: str | None, texts: tuple[str, ...], values: tuple[str, ...], source: str | None, paginate: bool
) -> int:
    """Send any GraphQL document, print the answer as JSON.

    Mutations are carried out without a question.
    """
    from functools import partial

    import anyio

    from reconciler.model.diagnostic import Diagnostic
    from reconciler.report.document import errors_document
    from reconciler.verbs.api import api as send
    from reconciler.verbs.api import read_text, variables_of

    here = settings()
    read: Callable[[str], str] = partial(read_text, stdin=sys.stdin.read)
    variables = variables_of(texts, values, read)
    document = query if query and query != "-" else None
    if source or query == "-":
        document = read(source or "-")
    elif document is None:
        document = str(variables.pop("query", ""))  # as `gh api graphql -f query=…` has it
    if not document.strip():
        raise click.UsageError("there is no query: give it as an argument, or --input FILE")
    answer = anyio.run(partial(send, here.session(), document, variables, paginate=paginate))
    if answer.data is not None:
        _json(here, {"data": answer.data})  # the whole answer, as `gh api graphql` prints it
    if answer.errors:
        errors = errors_document([Diagnostic("graphql", text) for text in answer.errors])
        here.show("errors", errors, to_stderr=True)
        return 1
    return 0


@click.command()
@click.argument("run", metavar="[ID]", required=False)
@common
def history(run: str | None) -> None:
    """List what was done when, by the journal.

    With an ID, or `latest`, show each step of that run.
    """
    from reconciler.report.tables import render_table
    from reconciler.verbs.history import history as read
    from reconciler.verbs.history import past

    here = settings()
    if run is not None:
        _run(here, past(here.session(), run))
        return
    runs = read(here.session(), here.environment)
    if here.format == "json":
        _json(here, {"runs": [_summary(one) for one in runs]})
        return
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


def _run(here: Settings, one: Past) -> None:
    from reconciler.report.tables import render_table

    if here.format == "json":
        _json(here, {**_summary(one), "entries": list(one.entries)})
        return
    facts = {
        "run": one.path.stem,
        "when": _local(one.at),
        "environment": one.environment,
        "status": one.status,
    }
    _facts(here, facts)
    here.out.print()
    rows = [
        {
            "at": _local(str(entry.get("at", "")))[11:],
            "event": entry.get("event"),
            "action": entry.get("action"),
            "outcome": _first(entry, ("error", "because", "status", "operation")),
        }
        for entry in one.entries
    ]
    render_table(here.out, rows, ("at", "event", "action", "outcome"))


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
    }


def _identity(who: Who) -> dict[str, Any]:
    found: dict[str, Any] = {
        "user": {"name": who.name, "email": who.email, "role": who.role},
        "organization": {"id": who.organization_id, "name": who.organization},
        "tenant": who.tenant,
        "url": who.url,
        "environment": who.environment,
    }
    return found if who.tenants is None else {**found, "tenants": list(who.tenants)}


def _facts(here: Settings, facts: dict[str, str]) -> None:
    """A few named values, one a line."""
    from reconciler.report.sanitize import terminal

    width = max(map(len, facts)) + 2
    for name, value in facts.items():
        here.out.out(f"{name.capitalize():<{width}}{terminal(value)}".rstrip(), highlight=False)


def _local(moment: str) -> str:
    """A moment of the journal in the time of this machine, to the second."""
    from datetime import datetime

    try:
        return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return moment


def _json(here: Settings, document: Any) -> None:
    from reconciler.report.document import dumps

    here.out.out(dumps(document), highlight=False)
