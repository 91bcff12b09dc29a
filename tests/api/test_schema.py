from __future__ import annotations

import httpx
import pytest
from graphql import build_schema, graphql_sync, parse, validate

from reconciler.api.schema import without_missing_fields, without_reported_fields
from reconciler.api.wire import Fault, decode
from reconciler.model.errors import GraphQLError
from reconciler.model.operation import Operation
from tests.api.stand_in import Server, query

pytestmark = pytest.mark.anyio

SCHEMA = build_schema("""
  interface Node { id: ID! }
  type Org implements Node { id: ID! name: String }
  type Customer implements Node { id: ID! name: String org: Org items(first: Int): [Customer] }
  type Error { field: String messages: [String] }
  type Payload { customer: Customer errors: [Error!]! }
  type Query { customer(id: ID): Customer node(id: ID): Node }
  type Mutation { createCustomer(name: String): Payload }
""")

CASES = [
    ("{ customer { id name } }", None),
    ("{ customer { id mood } }", "{ customer { id } }"),
    ("{ customer { id org { id motto } } }", "{ customer { id org { id } } }"),
    ("{ customer { id org { motto } } }", "{ customer { id } }"),
    ("{ customer { id pet { id name } } }", "{ customer { id } }"),
    ("{ customer { id same: mood } }", "{ customer { id } }"),
    ("{ customer { __typename mood } }", "{ customer { __typename } }"),
    (
        "query Q($id: ID, $n: Int) { customer(id: $id) { id pets(first: $n) { id } } }",
        "query Q($id: ID) { customer(id: $id) { id } }",
    ),
    (
        "{ customer { id ...F } } fragment F on Customer { mood org { id motto } }",
        "{ customer { id ...F } } fragment F on Customer { org { id } }",
    ),
    (
        "{ customer { id ...F } } fragment F on Customer { pet { ...G } } fragment G on Customer { mood }",
        "{ customer { id } }",
    ),
    ("{ node { id ... on Customer { mood } } }", "{ node { id } }"),
    (
        "mutation M { createCustomer { customer { id mood } errors { field } } }",
        "mutation M { createCustomer { customer { id } errors { field } } }",
    ),
    ("{ absent { id } }", None),
    ("{ customer { mood } }", None),
    ("{ customer { mood } other: customer { id } }", None),
]


def flat(text):
    return " ".join(text.replace("\n", " ").split())


@pytest.mark.parametrize(("document", "fitted"), CASES)
def test_missing_fields_are_left_out_by_schema(document, fitted):
    result = without_missing_fields(document, SCHEMA)
    assert flat(result) == flat(fitted or document)
    if fitted:
        assert validate(SCHEMA, parse(result)) == []


@pytest.mark.parametrize(("document", "fitted"), [case for case in CASES if "absent" not in case[0]])
def test_missing_fields_are_left_out_by_the_errors_alone(document, fitted):
    for _ in range(2):
        faults = _answer(document).faults
        if not faults:
            break
        document = without_reported_fields(document, faults)
    if fitted:
        assert _answer(document).faults == ()


def test_without_a_place_only_a_name_that_stands_once_is_left_out():
    fault = Fault('Cannot query field "mood" on type "Customer".')
    assert flat(without_reported_fields("{ customer { id mood } }", [fault])) == "{ customer { id } }"
    twice = "{ customer { id mood org { mood } } }"
    assert without_reported_fields(twice, [fault]) == twice


def test_arguments_are_never_left_out():
    document = "{ customer(mood: 1) { id } }"
    assert without_missing_fields(document, SCHEMA) == document


class Tenant(Server):
    """Serves SCHEMA; introspection as told."""

    def __init__(self, introspection):
        super().__init__(self.answer)
        self.introspection = introspection

    def answer(self, request):
        body = self.bodies[-1]
        if "__schema" in body["query"] and not (
            self.introspection and request.headers.get("prismatic-docs-introspection") == "true"
        ):
            return httpx.Response(400, json={"errors": [{"message": "introspection is off"}]})
        return _serve(body["query"])


@pytest.mark.parametrize(("introspection", "requests"), [(True, [3, 1, 1]), (False, [3, 1, 2])])
async def test_a_client_does_without_what_the_tenant_lacks(connect, introspection, requests):
    tenant = Tenant(introspection)
    documents = ["{ customer { id mood } }", "{ customer { id mood } }", "{ customer { id name whim } }"]
    async with connect(tenant) as client:
        for document, count in zip(documents, requests, strict=True):
            before = len(tenant.requests)
            assert (await client.execute(Operation("customer", document)))["id"] == "1"
            assert len(tenant.requests) - before == count
        assert (await client.schema() is not None) is introspection


async def test_a_create_that_validation_refused_is_sent_again_without_the_field(connect):
    tenant = Tenant(False)
    document = "mutation { createCustomer { customer { id mood } errors { field } } }"
    op = Operation("createCustomer", document, result="customer", repeatable=False)
    async with connect(tenant) as client:
        assert await client.execute(op) == {"id": "2"}


async def test_a_verb_that_the_tenant_lacks_is_an_error(connect):
    async with connect(Tenant(True)) as client:
        with pytest.raises(GraphQLError, match="absent"):
            await client.execute(query("absent"))


async def test_other_errors_are_not_mended(connect):
    tenant = Tenant(True)
    async with connect(tenant) as client:
        with pytest.raises(GraphQLError, match="Unknown argument"):
            await client.execute(Operation("customer", "{ customer(mood: 1) { id whim } }"))
    assert len(tenant.requests) == 1


def _serve(document):
    root = {
        "customer": {"id": "1"},
        "createCustomer": {"customer": {"id": "2"}, "errors": []},
    }
    result = graphql_sync(SCHEMA, document, root).formatted
    return httpx.Response(200 if "data" in result else 400, json=result)


def _answer(document):
    response = _serve(document)
    answer = decode(response.status_code, response.content)
    assert answer
    return answer
