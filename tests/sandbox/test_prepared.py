"""What is prepared answers as graphql-core does; what it does not understand is left to that."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLError, execute_sync

from reconciler.sandbox import Sandbox
from reconciler.sandbox.document import parsed
from reconciler.sandbox.prepared import Prepared, prepared
from reconciler.sandbox.resolve.executable import schema

_CREATE = "mutation ($input: CreateCustomerInput!) { createCustomer(input: $input) { customer { id } } }"
_ONE = "query one($id: ID!) { customer(id: $id) { id name labels instances { nodes { name } totalCount } } }"
_SORTED = (
    "query ($n: Int = 1) "
    "{ customers(first: $n, sortBy: [{field: NAME, direction: DESC}]) { nodes { name } } }"
)
_SHARED = (
    "query { customers(first: 2) { ...Page } again: customers { nodes { ...Named name } } } "
    "fragment Page on CustomerConnection { nodes { id } nodes { ...Named } pageInfo { hasNextPage } } "
    "fragment Named on Customer { __typename called: name ... on Customer { description } }"
)


@pytest.fixture(scope="module")
def tenant() -> Any:
    with Sandbox() as sandbox:
        for name in ("Acme", "Birch", "Cedar"):
            sandbox.execute(_CREATE, {"input": {"name": name, "labels": ["gold"]}})
        yield sandbox


def both(sandbox: Sandbox, query: str, variables: dict[str, Any]) -> tuple[Any, Any]:
    """What both say, with what their errors came from."""
    known, (document, problems, _) = prepared(query, None), parsed(query)
    assert document
    assert known
    assert not problems
    found = []
    for asked in (
        lambda context: known.answer(variables, context),
        lambda context: execute_sync(schema(), document, context_value=context, variable_values=variables),
    ):
        with sandbox.writing() as context:
            result = asked(context)
        errors = [(one.formatted, repr(one.original_error)) for one in result.errors or ()]
        found.append((result.data, errors))
    return found[0], found[1]


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        (_SHARED, {}),
        (_ONE, {"id": "Q3VzdG9tZXI6bm9uZQ=="}),
        (_ONE, {"id": None}),
        (_ONE, {}),
        (
            _SORTED,
            {},
        ),
        ("query ($n: Int) { customers(first: $n) { nodes { name } } }", {"n": "two"}),
        ("{ customers(first: -1) { nodes { name } } organization { id name } }", {}),
        ("{ integrations { edges { cursor node { id } } } authenticatedUser { email role { name } } }", {}),
    ],
)
def test_both_answer_alike(tenant: Sandbox, query: str, variables: dict[str, Any]):
    mine, theirs = both(tenant, query, variables)
    assert mine == theirs


@pytest.mark.parametrize("field", ["name", "labels", "id"])
@pytest.mark.parametrize("given", [None, 3, ["a", None], GraphQLError("no"), ValueError("broken")])
def test_what_a_resolver_should_not_give_is_told_alike(
    tenant: Sandbox, field: str, given: Any, monkeypatch: pytest.MonkeyPatch
):
    def resolve(*_: Any) -> Any:
        if isinstance(given, Exception):
            raise given
        return given

    shown = schema().type_map["Customer"].fields[field]  # type: ignore[attr-defined]
    monkeypatch.setattr(shown, "resolve", resolve)
    prepared.cache_clear()
    try:
        mine, theirs = both(tenant, "{ customers { nodes { name labels id } totalCount } }", {})
    finally:
        prepared.cache_clear()
    assert mine == theirs


@pytest.mark.parametrize(
    "query",
    [
        "query ($no: Boolean!) { customers { nodes { id @skip(if: $no) } } }",
        "{ __schema { queryType { name } } }",
        "{ customers { nodes { ... on Node { id } } } }",
        "{ nothing }",
        "{",
    ],
)
def test_what_is_not_understood_is_left_to_the_library(query: str):
    assert prepared(query, None) is None


def test_each_is_prepared_once():
    assert isinstance(prepared(_ONE, None), Prepared)
    assert prepared(_ONE, None) is prepared(_ONE, None)
