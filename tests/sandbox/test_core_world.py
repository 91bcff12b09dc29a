"""Helpers of the core's tests, and the tests of what has no better place: ids, users, refusals, the store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox.rules import RULES, Rules, describe
from reconciler.sandbox.sandbox import Sandbox
from reconciler.sandbox.seed import seed

ABSENT = "SW5zdGFuY2U6MTJhN2NiNjItZmZmNS00NGEwLWFmNjgtZmMwOWI3YmU2NGI4"  # Instance:…, of nobody
ERRORS = "errors { field messages }"


def definition(name: str = "Sync", *, variables: str = "", flows: str = "Flow 1", more: str = "") -> str:
    """A definition with these flows; variables and more are YAML."""
    text = f"definitionVersion: 7\nname: {name}\ndescription: text\n{more}\nflows:\n"
    for flow in flows.split(","):
        text += f"""\
  - name: {flow}
    steps:
      - name: Trigger
        isTrigger: true
        action: {{key: webhook, component: {{key: webhook-triggers, isPublic: true, version: LATEST}}}}
"""
    return text + (f"requiredConfigVars:\n{variables}" if variables else "")


REGION = "  - {key: Region, dataType: string, defaultValue: eu}\n"
SIZE = "  - {key: Size, dataType: number}\n"
SLACK = """\
  - key: Slack
    dataType: connection
    connection: {key: oauth2, component: {key: slack, isPublic: true, version: LATEST}}
    inputs:
      clientId: {type: value, value: id}
      clientSecret: {type: value, value: secret}
"""


class World:
    """A sandbox with short words for what tests do to it."""

    def __init__(self, **rules: str) -> None:
        self.sandbox = Sandbox(rules=rules)

    def ask(self, query: str, **variables: Any) -> Any:
        """The data of an answer without errors."""
        _, body, _ = self.sandbox.execute(query, variables)
        assert "errors" not in body, body["errors"]
        return body["data"]

    def errors(self, query: str, **variables: Any) -> list[str]:
        """The messages of an answer with errors."""
        return [error["message"] for error in self.sandbox.execute(query, variables)[1]["errors"]]

    def call(self, mutation: str, fields: str = "id", **given: Any) -> Any:
        """What a mutation makes, which must not be refused."""
        payload, kind = self.payload(mutation, fields, **given)
        assert payload["errors"] == [], payload["errors"]
        return payload[kind]

    def refused(self, mutation: str, **given: Any) -> tuple[str, str]:
        """Field and message of a refusal."""
        payload, kind = self.payload(mutation, "id", **given)
        assert payload[kind] is None
        (error,) = payload["errors"]
        return error["field"], error["messages"][0]

    def payload(self, mutation: str, fields: str, **given: Any) -> tuple[Any, str]:
        name = mutation[0].upper() + mutation[1:]
        kind = next(
            (k for k in ("integration", "customer", "instance") if k in mutation.lower()),
            "instanceConfigVariable",
        )
        kind = "instance" if "Instance" in mutation else kind
        query = (
            f"mutation ($i: {name}Input!) {{ m: {mutation}(input: $i) {{ {kind} {{ {fields} }} {ERRORS} }} }}"
        )
        return self.ask(query, i=given)["m"], kind

    def integration(self, text: str | None = None, **given: Any) -> str:
        given = {"name": "Sync", "definition": text or definition(), **given}
        return str(self.call("createIntegration", **given)["id"])

    def publish(self, draft: str, **given: Any) -> str:
        return str(self.call("publishIntegration", id=draft, **given)["id"])

    def version(self, text: str | None = None) -> str:
        return self.publish(self.integration(text))

    def customer(self, name: str = "Acme", **given: Any) -> str:
        return str(self.call("createCustomer", name=name, **given)["id"])

    def instance(self, version: str, **given: Any) -> str:
        given = {"name": "I", "customer": given.pop("customer", None) or self.customer(), **given}
        return str(self.call("createInstance", integration=version, **given)["id"])

    def get(self, kind: str, identifier: str, fields: str) -> Any:
        """Fields of one object."""
        return self.ask(f"query ($id: ID!) {{ {kind}(id: $id) {{ {fields} }} }}", id=identifier)[kind]

    def values(self, instance: str) -> dict[str, str | None]:
        nodes = self.get(
            "instance", instance, "configVariables { nodes { value requiredConfigVariable { key } } }"
        )
        return {n["requiredConfigVariable"]["key"]: n["value"] for n in nodes["configVariables"]["nodes"]}


def test_every_rule_has_a_default_that_holds() -> None:
    assert dict(Sandbox().rules) == {name: rule.values[0] for name, rule in RULES.items()}
    assert all(len(set(rule.values)) == len(rule.values) > 1 for rule in RULES.values())
    assert all(name in describe() for name in RULES)


@pytest.mark.parametrize(
    ("name", "value", "says"), [("no", "x", "draft_in_sequence"), ("not_found", "x", "both")]
)
def test_a_wrong_rule_is_refused_with_the_right_ones(name: str, value: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Rules({name: value})
    with pytest.raises(ValueError, match=says):
        Sandbox().set_rule(name, value)


def test_who_am_i() -> None:
    w = World()
    me = w.ask("{ authenticatedUser { tenantId org { id name } role { name } } organization { id name } }")
    assert me["authenticatedUser"]["tenantId"] == w.sandbox.tenant_id
    assert me["authenticatedUser"]["org"] == me["organization"]
    query = "{ listUserTenants { nodes { tenantId orgName isCurrentStack systemSuspended url } } }"
    (tenant,) = w.ask(query)["listUserTenants"]["nodes"]
    assert tenant["tenantId"] == w.sandbox.tenant_id


def test_what_is_not_implemented_says_so() -> None:
    w = World()
    assert w.errors("{ workflows { totalCount } }") == ["the sandbox does not implement RootQuery.workflows"]
    query = "mutation { deleteWorkflow(input: {}) { errors { field } } }"
    assert w.errors(query) == ["the sandbox does not implement RootMutation.deleteWorkflow"]


@pytest.mark.parametrize(
    ("query", "variables"),
    [("{ nothing }", {}), ("{", {}), ("query ($id: ID!) { customer(id: $id) { id } }", {})],
)
def test_a_malformed_request_is_a_400_without_data(query: str, variables: dict[str, Any]) -> None:
    status, body, _ = Sandbox().execute(query, variables)
    assert status == 400
    assert body["errors"]
    assert "data" not in body


@pytest.mark.parametrize(
    ("rule", "errors", "data"),
    [
        ("error", ["Record not found"], None),
        ("null", [], {"instance": None}),
        ("both", ["Record not found"], {"instance": None}),
    ],
)
def test_not_found(rule: str, errors: list[str], data: Any) -> None:
    status, body, _ = Sandbox(rules={"not_found": rule}).execute(f'{{ instance(id: "{ABSENT}") {{ id }} }}')
    assert (status, [e["message"] for e in body.get("errors", [])], body["data"]) == (200, errors, data)


@pytest.mark.parametrize("rule", ["top_level", "payload"])
def test_a_mutation_of_nothing(rule: str) -> None:
    query = f'mutation {{ deleteInstance(input: {{id: "{ABSENT}"}}) {{ instance {{ id }} {ERRORS} }} }}'
    body = Sandbox(rules={"mutation_not_found": rule}).execute(query)[1]
    if rule == "top_level":
        assert (body["data"], body["errors"][0]["message"]) == (None, "Record not found")
    else:
        error = {"field": "id", "messages": ["Record not found"]}
        assert body["data"]["deleteInstance"] == {"instance": None, "errors": [error]}


@pytest.mark.parametrize("bad", ["x", "Q3VzdG9tZXI6MQ==", ABSENT])
def test_an_id_of_another_kind_is_an_error(bad: str) -> None:
    assert World().errors("query ($id: ID!) { customer(id: $id) { id } }", id=bad)


@pytest.mark.parametrize("rule", ["200", "400"])
def test_error_status(rule: str) -> None:
    sandbox = Sandbox(rules={"error_status": rule})
    query = f'mutation {{ createCustomer(input: {{name: " "}}) {{ customer {{ id }} {ERRORS} }} }}'
    status, body, _ = sandbox.execute(query)
    assert status == int(rule)
    assert body["data"]["createCustomer"]["errors"][0]["field"] == "name"
    assert sandbox.execute("{ organization { id } }")[0] == 200


@pytest.mark.parametrize(("rule", "names"), [("each_alone", ["A"]), ("all_or_nothing", [])])
def test_transaction_of_aliases(rule: str, names: list[str]) -> None:
    w = World(transaction_of_aliases=rule)
    query = 'mutation { a: createCustomer(input: {name: "A"}) { errors { field } }'
    w.ask(query + ' b: createCustomer(input: {name: ""}) { errors { field } } }')
    found = w.ask("{ customers(isSystem: false) { nodes { name } } }")["customers"]["nodes"]
    assert [customer["name"] for customer in found] == names
    assert w.sandbox.writes() == len(names)


def test_introspection() -> None:
    query = "{ __schema { queryType { name } } }"
    assert Sandbox().execute(query)[0] == 200
    closed = Sandbox(rules={"introspection": "off"})
    assert closed.execute(query)[0] == 400
    assert closed.execute(query, allow_introspection=True)[0] == 200
    assert closed.execute("{ organization { __typename } }")[0] == 200


def test_a_guest_reads_and_does_not_write() -> None:
    w = World()
    w.integration()
    w.sandbox.role = "guest"
    (node,) = w.ask("{ integrations { nodes { allowUpdate allowPublish name } } }")["integrations"]["nodes"]
    assert node == {"allowUpdate": False, "allowPublish": False, "name": "Sync"}
    query = 'mutation { createCustomer(input: {name: "A"}) { customer { id } } }'
    assert w.errors(query) == ["Permission denied"]
    w.sandbox.role = "owner"
    assert w.sandbox.execute(query, user="guest")[1]["errors"]
    assert w.sandbox.writes() == 1


def test_counters_and_reset() -> None:
    w = World(label_limit="64")
    w.customer()
    w.refused("createCustomer", name="Acme")
    w.ask("{ organization { id } }")
    assert (w.sandbox.writes(), w.sandbox.requests()) == (1, 3)
    tenant = w.sandbox.tenant_id
    w.sandbox.reset()
    assert (w.sandbox.writes(), w.sandbox.requests(), w.sandbox.tenant_id) == (0, 0, tenant)
    assert w.sandbox.rules["label_limit"] == "64"
    assert w.ask("{ customers(isSystem: false) { totalCount } }")["customers"]["totalCount"] == 0


def test_two_processes_share_a_file(tmp_path: Path) -> None:
    one = Sandbox(tmp_path / "s.db", rules={"not_found": "null"}, version_shift=4)
    two = Sandbox(tmp_path / "s.db")
    assert (two.token, two.tenant_id, two.rules) == (one.token, one.tenant_id, one.rules)
    query = 'mutation {{ createCustomer(input: {{name: "{}"}}) {{ customer {{ createdAt }} }} }}'
    times = [s.execute(query.format(n))[1]["data"] for n, s in enumerate((one, two, one, two))]
    moments = [t["createCustomer"]["customer"]["createdAt"] for t in times]
    assert moments == sorted(set(moments))
    assert one.writes() == two.writes() == 4
    two.set_rule("not_found", "both")
    assert one.rules["not_found"] == "both"
    one.close()
    two.close()


def test_seed() -> None:
    w = World()
    seed(w.sandbox, integrations=2, customers=3, instances=7, mark_project="p")
    data = w.ask(
        """{ instances(isSystem: false) { totalCount nodes { labels configState needsDeploy deployedVersion
        integration { versionNumber hasUnpublishedChanges } } }
        customers(labels_Contains: "reconciler:p/customer/customer-0002") { totalCount }
        integrations { totalCount nodes { hasUnpublishedChanges } } }"""
    )
    assert data["instances"]["totalCount"] == 7
    assert {n["configState"] for n in data["instances"]["nodes"]} == {"FULLY_CONFIGURED"}
    assert data["instances"]["nodes"][0]["labels"] == ["reconciler:p/instance/instance-00001"]
    assert data["customers"]["totalCount"] == 1
    assert [n["hasUnpublishedChanges"] for n in data["integrations"]["nodes"]] == [False, False]


def test_json_input_must_be_json() -> None:
    w = World()
    assert w.refused("updateIntegration", id=w.integration(), metadata="{")[0] == "metadata"
    draft = w.integration(name="Two")
    fields = w.call("updateIntegration", "metadata", id=draft, metadata='{"a":1}')
    assert json.loads(fields["metadata"]) == {"a": 1}
