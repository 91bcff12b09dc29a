"""get: the tenant's lists, one command for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import get_more as more
from reconciler.cli.groups import Words
from reconciler.cli.settings import Settings, common, settings
from reconciler.cli.values import cursor, text, type_for

if TYPE_CHECKING:
    from reconciler.lists.listing import Filter, Listing, Place
    from reconciler.lists.reading import Wanted

LISTS = ("user", "customers", "integrations", "versions", "flows", "instances", "components", "executions")
"""What `lists.tables` has, named here too since whoever completes a word does not wait for the tables."""
_FORMATS = ("table", "json", "jsonl", "yaml", "csv", "ids")
_FORMAT = "reconciler.get.format"


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


class _Kinds(Words):
    """A command for each list, made when it is asked for: their tables take a while to load."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click asks so
        """The kinds, in the plural."""
        return list(LISTS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of a kind, in the singular or the plural; of an address, which is a kind and a name."""
        from reconciler.lists.tables import ADDRESSED, find

        kind, slash, name = cmd_name.partition("/")
        if slash and name and kind in ADDRESSED:
            return _listing_command(ADDRESSED[kind], cmd_name)
        listing = find(cmd_name)
        return _listing_command(listing) if listing else None


@click.group(cls=_Kinds, subcommand_metavar="KIND [NAME] [OPTIONS]...")
@common
def get() -> None:
    """Show live objects. Each kind has the filters that the API has for it: see `get KIND --help`.

    NAME is a name, an id or an address; an address alone, such as Customer/acme, will do.
    """


get.params = [*(one for one in get.params if one.name != "format"), _format_option()]


def _listing_command(listing: Listing, address: str = "") -> click.Command:
    """`get KIND`, with an option for each of its filters; of one object where its address stands for KIND."""

    @common
    def run(**given: Any) -> int:
        here, given["named"] = settings(), address or given.get("named") or ""
        more.refuse_beside(listing, given)
        if given.get("outdated"):
            return more.show_outdated(here, _shape(here), given)
        if more.is_about_one(given):
            return more.show_execution(here, _shape(here), given)
        return _get(listing, given)

    # What `common` added to the function, but for the format, of which lists have their own.
    shared = [one for one in click.command()(run).params if one.name != "format"]
    params: list[click.Parameter] = []
    if (listing.named or listing.nested) and not address:
        params.append(click.Argument(["named"], metavar="[NAME]", required=False, type=text))
    if listing.nested:
        params.append(
            click.Option(
                ["--integration", "parent"], required=True, type=text, help="Of this one: a name or an id."
            )
        )
    params += [_filter_option(one) for one in listing.filters]
    params += _paging() if params else []
    params += more.OPTIONS.get(listing.kind, [])
    params += [
        click.Option(["--columns"], metavar="A,B", type=text, help=f"Of: {', '.join(_names(listing))}."),
        _format_option(),
        *shared,
    ]
    return click.Command(listing.kind, params=params, callback=run, help=listing.help)


def _names(listing: Listing) -> list[str]:
    return [column.name for column in listing.columns]


def _filter_option(one: Filter) -> click.Option:
    names = [one.option, one.argument.lower()]
    if one.type == "Boolean":
        return click.Option(names, default=None, help=one.help)
    shown = "TIME" if one.type == "DateTime" else None
    several = one.type.startswith("[")
    return click.Option(names, type=type_for(one), multiple=several, metavar=shown, help=one.help)


def _paging() -> list[click.Parameter]:
    number = click.IntRange(1, 100)
    return [
        click.Option(["--first"], type=number, help="One page: this many, of those that follow --after."),
        click.Option(["--after"], metavar="CURSOR", type=cursor, help="One page: behind this cursor."),
        click.Option(["--last"], type=number, help="One page: this many, from the end."),
        click.Option(["--before"], metavar="CURSOR", type=cursor, help="One page: before this cursor."),
        click.Option(["--offset"], type=click.IntRange(0), help="One page: without the first so many."),
        click.Option(
            ["--page-info"],
            is_flag=True,
            help="One page, and where it lies: json and yaml become {rows, page}, jsonl ends with {page}.",
        ),
        click.Option(["--limit"], type=click.IntRange(0), help="At most this many rows, over all pages."),
        click.Option(
            ["--sort"], metavar="COLUMN", type=text, help="By this column; -COLUMN turns the order."
        ),
    ]


def _get(listing: Listing, given: dict[str, Any]) -> int:
    from functools import partial

    import anyio

    from reconciler.report.rows import Rows
    from reconciler.verbs.get import get as read

    here = settings()
    shape = _shape(here)
    if given.get("page_info") and shape not in more.DOCUMENTS:
        raise click.UsageError(f"--page-info cannot be shown as {shape}: choose {', '.join(more.DOCUMENTS)}")
    wanted = _wanted(listing, given, every=shape in more.DOCUMENTS)
    columns = [column.name for column in wanted.columns]
    moments = {column.name for column in wanted.columns if column.moment}
    session = here.session()
    paged = bool(given.get("page_info") or (wanted.page and shape == "jsonl"))
    rows = Rows(here.out, shape, columns, moments, paged=paged)
    place = anyio.run(partial(read, session, wanted, rows.add))
    rows.close(_page(place) if place else None)
    if place and not paged:
        _tell_the_rest(here, wanted, place)
    return 0


def _page(place: Place) -> dict[str, Any]:
    return {
        "startCursor": place.start,
        "endCursor": place.end,
        "hasPreviousPage": place.more_before,
        "hasNextPage": place.more_behind,
        "totalCount": place.total,
    }


def _tell_the_rest(here: Settings, wanted: Wanted, place: Place) -> None:
    """How to go on from a page, which `--offset` would do from another place."""
    if last := wanted.page.get("last"):
        if place.more_before and place.start:
            here.say(f"There are more before these. Go on with: --last {last} --before {place.start}")
    elif place.more_behind and place.end:
        without = ", without --offset" if "offset" in wanted.page else ""
        here.say(f"There are more. Go on{without} with: --after {place.end}")


def _shape(here: Settings) -> str:
    given = click.get_current_context().meta.get(_FORMAT) or here.format
    return given if given in _FORMATS else "table"


def _wanted(listing: Listing, given: dict[str, Any], *, every: bool) -> Wanted:
    from reconciler.api.pages import LARGEST
    from reconciler.lists.listing import PAGING
    from reconciler.lists.reading import Wanted, columns

    values = {one.argument: _value(one, given.get(one.argument.lower())) for one in listing.filters}
    shape = _shape(settings())
    page = {name: given[name] for name in PAGING if given.get(name) is not None}
    if given.get("page_info") and not page:
        page = {"first": LARGEST}
    return Wanted(
        listing,
        columns(listing, "id" if shape == "ids" else given["columns"] or "", every=every),
        name=given["named"],
        filters={
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
            if value not in (None, ())
        },
        page=page,
        limit=given.get("limit"),
        sort=given.get("sort") or "",
        parent=given.get("parent", ""),
    )


def _value(one: Filter, given: Any) -> Any:
    return one.read(given) if one.read and given is not None else given
