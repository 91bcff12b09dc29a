"""The guard that lets only queries out, so that planning cannot write whatever the code above it does.

It works on the bytes about to be sent, as a hook of the HTTP client: the lowest place that sees every
request, with or without a proxy. It judges by the parsed document, never by searching its text.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any

import httpx
from graphql import FragmentDefinitionNode, GraphQLSyntaxError, OperationDefinitionNode, OperationType, parse

from reconciler.model.errors import WriteRefused

_HINT = "nothing was sent; this client may only read"
_KEYS = {"query", "variables", "operationName"}


def require_queries(document: str) -> None:
    """Raises WriteRefused unless every operation in the document is a query, and there is one."""
    if complaint := _complaint(document):
        raise WriteRefused(complaint, hint=_HINT)


def is_query(document: str) -> bool:
    """Whether a document holds queries only; False if it cannot be parsed."""
    return not _complaint(document)


@lru_cache(maxsize=256)
def _complaint(document: str) -> str:
    """What is wrong with a document in a client that may only read; empty if nothing."""
    try:
        definitions = parse(document, no_location=True).definitions
    except GraphQLSyntaxError as error:
        return f"a document that cannot be parsed is not sent: {error.message}"
    queries = 0
    for definition in definitions:
        if isinstance(definition, OperationDefinitionNode):
            if definition.operation is not OperationType.QUERY:
                return f"a {definition.operation.value} is not sent while only reading"
            queries += 1
        elif not isinstance(definition, FragmentDefinitionNode):
            return "a document that is not a query is not sent while only reading"
    return "" if queries else "a document without a query is not sent while only reading"


def guard(api: httpx.URL, refresh: httpx.URL) -> Callable[[httpx.Request], Awaitable[None]]:
    """A request hook for httpx that raises WriteRefused for all but queries to `api` and token exchanges."""

    async def check(request: httpx.Request) -> None:
        if request.method != "POST" or request.url not in (api, refresh):
            raise WriteRefused(f"{request.method} {request.url.path} is not a query", hint=_HINT)
        if request.url == api:
            require_queries(_document(await request.aread()))

    return check


def _document(body: bytes) -> str:
    """The one document in a request's body. Raises WriteRefused where two readers could see two documents."""
    try:
        content: Any = json.loads(body.decode("utf-8"), object_pairs_hook=_unique)
    except ValueError:
        raise WriteRefused("a body that is not plain JSON is not sent", hint=_HINT) from None
    if (
        not isinstance(content, dict)
        or not set(content) <= _KEYS
        or not isinstance(content.get("query"), str)
    ):
        raise WriteRefused("a body that does not hold exactly one document is not sent", hint=_HINT)
    return str(content["query"])


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) != len({key for key, _ in pairs}):
        raise ValueError("a key stands twice")
    return dict(pairs)
