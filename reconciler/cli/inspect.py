"""whoami and api."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.settings import Settings, common, settings, trusting
from reconciler.cli.values import standard_input, utf8

if TYPE_CHECKING:
    from reconciler.verbs.whoami import Who


@click.command()
@trusting
@click.option("--tenants", is_flag=True, help="List all tenants of the user.")
@click.option("--can", is_flag=True, help="Say what the token may do, by what the tenant allows it.")
@common
def whoami(tenants: bool, can: bool) -> None:
    """Show whose token is in use, and which tenant it opens."""
    from functools import partial

    import anyio

    from reconciler.report.facts import can_line
    from reconciler.report.tables import render_table
    from reconciler.verbs.whoami import whoami as ask

    here = settings()
    who = anyio.run(partial(ask, here.session(), tenants=tenants, can=can))
    identity = _identity(who)
    if here.format != "text":
        here.show("identity", identity)
        return
    facts = {
        "user": f"{who.name} <{who.email}>" if who.name else who.email,
        "role": who.role,
        "organization": who.organization,
        "tenant": who.tenant,
        "stack": who.url,
        "environment": who.environment,
        **({"can": can_line(identity["can"])} if can else {}),
    }
    here.facts(facts)
    if who.tenants is not None:
        rows = [
            {
                "organization": one.get("orgName"),
                "tenant": one.get("tenantId"),
                "url": one.get("url"),
                "current": one.get("current"),
                "environments": one.get("environments"),
            }
            for one in who.tenants
        ]
        here.out.print()
        render_table(here.out, rows, ("organization", "tenant", "url", "current", "environments"))


@click.command()
@click.argument("query", required=False, type=utf8)
@click.option("-f", "texts", multiple=True, metavar="NAME=VALUE", type=utf8, help="A variable that is text.")
@click.option(
    "-F",
    "values",
    multiple=True,
    metavar="NAME=VALUE",
    type=utf8,
    help="A variable that is JSON (a number, true, null, a list …), or @FILE, or else text.",
)
@click.option(
    "--input",
    "source",
    metavar="FILE",
    help="Read the query from a file, or {query, variables, operationName} as JSON; - is the standard input.",
)
@click.option("--paginate", is_flag=True, help="Ask for all pages, by $after and pageInfo, and join them.")
@common
def api(
    query: str | None, texts: tuple[str, ...], values: tuple[str, ...], source: str | None, paginate: bool
) -> int:
    """Send any GraphQL document, print the answer as JSON.

    Mutations are carried out without a question.
    """
    from functools import cache, partial

    import anyio

    from reconciler.model.diagnostic import Diagnostic
    from reconciler.report.document import errors_document
    from reconciler.verbs.api import api as send
    from reconciler.verbs.api_input import Body, body_of, document_of, read_text, variables_of

    here = settings()
    read: Callable[[str], str] = cache(partial(read_text, stdin=standard_input))
    if query and query != "-" and source:
        raise click.UsageError("the query stands on the command line and in --input: give one of them")
    if source or query == "-":
        body = body_of(read(source or "-"), source or "-")
    elif query:
        body = Body(query, {})
    else:  # as `gh api graphql -f query=…` has it
        asked = [[pair for pair in pairs if pair.startswith("query=")] for pairs in (texts, values)]
        texts = tuple(pair for pair in texts if pair not in asked[0])
        values = tuple(pair for pair in values if pair not in asked[1])
        body = Body(str(variables_of(asked[0], asked[1], read).get("query", "")), {})
    if not body.query.strip():
        raise click.UsageError("there is no query: give it as an argument, or --input FILE")
    document = document_of(body)
    variables = {**body.variables, **variables_of(texts, values, read, document.types)}
    answer = anyio.run(partial(send, here.session(), document, variables, paginate=paginate))
    _json(here, answer.whole)  # as `gh api graphql` prints it
    if answer.errors:
        errors = errors_document([Diagnostic("graphql", text) for text in answer.errors])
        here.show("errors", errors, to_stderr=True)
        return 1
    return 0


def _identity(who: Who) -> dict[str, Any]:
    found: dict[str, Any] = {
        "user": {"name": who.name, "email": who.email, "role": who.role},
        "organization": {"id": who.organization_id, "name": who.organization},
        "tenant": who.tenant,
        "url": who.url,
        "environment": who.environment,
    }
    if who.can is not None:
        kinds = {many: None if some is None else list(some) for many, some in who.can.kinds.items()}
        found["can"] = {"write": who.can.write, **kinds}
    return found if who.tenants is None else {**found, "tenants": list(who.tenants)}


def _json(here: Settings, document: Any) -> None:
    from reconciler.report.document import dumps

    here.out.out(dumps(document), highlight=False)
