"""What people do with what is live from the command line: executions, tests of flows, one-off operations; on
the embedded and on a served sandbox.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
import yaml

from reconciler.manifests import schemas
from tests.cli.tenants import ORDERS, Tenant, move_by_hand


def ran(tenant: Tenant, flow: str, *arguments: str, code: int = 0) -> dict[str, Any]:
    document = tenant.json("test", ORDERS, "--flow", flow, *arguments, code=code)
    assert [error.message for error in schemas.validator("test").iter_errors(document)] == []
    assert document["summary"] == {"tests": 1, "passed": int(not code), "failed": int(bool(code))}
    found: dict[str, Any] = document["tests"][0]
    return found


def test_an_execution_with_its_steps_and_logs(tenant: Tenant) -> None:
    execution = ran(tenant, "Broken", code=1)["execution"]
    (row,) = tenant.json("get", "executions", execution, "--steps", "--logs")
    assert row["status"] == "ERROR"
    assert [(step["step"], step["failed"]) for step in row["steps"]] == [("Broken arrives", True)]
    assert row["error"] in [log["message"] for log in row["logs"]]
    text = tenant("get", "execution", execution, "--steps", "--logs")
    assert all(word in text for word in ("Broken arrives", "Ending Instance Execution", row["error"]))
    tenant("get", "executions", execution, "--exit-status", code=1)
    sent = ran(tenant, "Receive order", "--payload", '{"id": 7}')["execution"]
    (row,) = tenant.json("get", "executions", sent, "--outputs")
    assert row["steps"][1]["output"] == {"contentType": "application/json", "data": {"id": 7}}
    assert '"id": 7' in tenant("get", "executions", sent, "--outputs")
    for wrong in (
        ["--logs"],
        [execution, "--logs", "--format", "csv"],
        [execution, "--wait", "--timeout", "x"],
    ):
        tenant("get", "executions", *wrong, code=3)
    tenant("get", "executions", "nonsense", "--logs", code=1)
    assert 'no execution "nonsense"' in tenant.err


SLOW = """mutation ($id: ID!) { testInstanceFlowConfig(input: {id: $id}) {
  testInstanceFlowConfigResult { execution { id } } errors { messages } } }"""


@pytest.fixture
def started(tenant: Tenant) -> Callable[[str], str]:
    """Starts an execution of a flow that does not end at once; its id."""

    def start(flow: str) -> str:
        query = "query ($id: ID!) { instance(id: $id) { flowConfigs { nodes { id flow { name } } } } }"
        (instance,) = tenant.json("get", "instances", "Orders for Acme")
        flows = tenant.json("api", query, "-f", f"id={instance['id']}")["data"]["instance"]["flowConfigs"]
        config = next(node["id"] for node in flows["nodes"] if node["flow"]["name"] == flow)
        answer = tenant.json("api", SLOW, "-f", f"id={config}")
        result = answer["data"]["testInstanceFlowConfig"]["testInstanceFlowConfigResult"]
        return str(result["execution"]["id"])

    return start


def test_the_end_of_an_execution_is_waited_for(tenant: Tenant, started: Callable[[str], str]) -> None:
    tenant("get", "executions", started("Stuck"), "--wait", "--timeout", "0.01", code=1)
    assert "has not ended after" in tenant.err
    (row,) = tenant.json("get", "executions", started("Slow"), "--wait", "--exit-status")
    assert row["status"] == "SUCCESS"
    assert row["endedAt"]
    assert "pending" in tenant.err
    assert "SUCCESS" in tenant("get", "executions", started("Slow"), "--wait", "--no-progress")
    assert tenant.err == ""


def test_executions_by_what_they_belong_to_and_how_they_ended(tenant: Tenant) -> None:
    good, bad = (
        ran(tenant, name, code=code)["execution"] for name, code in (("Receive order", 0), ("Broken", 1))
    )

    def found(*arguments: str) -> tuple[bool, bool]:
        ids = tenant("get", "executions", *arguments, "--format", "ids").splitlines()
        return (good in ids, bad in ids)

    assert found("--instance", "Orders for Acme", "--customer", "Acme") == (True, True)
    assert found("--instance", "Orders for Globex") == (False, False)
    assert found("--customer", "Globex") == (False, False)
    assert found("--instance", "Orders for Acme", "--flow", "Broken") == (False, True)
    assert found("--integration", "Orders", "--flow", "Receive order") == (True, False)
    assert found("--integration", "Plain") == (False, False)
    assert found("--status", "ERROR") == (False, True)
    assert found("--result", "completed") == (True, False)
    assert found("--with-error") == (False, True)
    assert found("--started-after", "1h", "--ended") == (True, True)
    assert found("--started-before", "2020-01-01") == (False, False)
    assert found("--retry-count-from", "1") == (False, False)
    assert "Orders for Acme" in tenant("get", "executions", "--limit", "1")
    tenant("get", "executions", "--flow", "Broken", code=3)
    tenant("get", "executions", "--instance", "Orders for Acme", "--flow", "Brocken", code=1)
    assert '"Broken"' in tenant.err
    tenant("get", "executions", "--started-after", "yesterday", code=3)


def test_a_flow_with_a_payload_a_content_type_and_headers(tenant: Tenant) -> None:
    tested = ran(tenant, "Receive order", "--payload", '{"id": 1}', "--header", "X-Shop: 7")
    assert (tested["status"], tested["body"]) == (200, {"id": 1})
    assert [step["step"] for step in tested["steps"]] == ["Order arrives", "Fetch details"]
    (tenant.root / "order.xml").write_text("<order/>", "utf-8")
    sent = ["--payload", str(tenant.root / "order.xml"), "--content-type", "application/xml"]
    assert ran(tenant, "Receive order", *sent)["body"] == "<order/>"
    piped = tenant.json("test", ORDERS, "--flow", "Receive order", "--payload", "-", stdin="hello\x1b[31m")
    assert piped["tests"][0]["body"] == "hello\x1b[31m"
    text = tenant("test", ORDERS, "--flow", "Receive order", "--payload", "hello\x1b[31m")
    assert "hello\\x1b[31m" in text
    assert "Ending Instance Execution" in text
    tenant("test", ORDERS, "--flow", "Receive order", "--payload", "missing.json", code=3)
    tenant("test", ORDERS, "--flow", "Receive order", "--header", "nothing", code=3)


def test_a_flow_that_fails_ends_with_1(tenant: Tenant) -> None:
    tested = ran(tenant, "Broken", code=1)
    assert "failed" in tested["error"]
    assert "Broken" in tenant("test", ORDERS, "--flow", "Broken", code=1)
    suite = Xml.fromstring(tenant("test", ORDERS, "--flow", "Broken", "--format", "junit", code=1))
    assert suite[0].attrib["failures"] == "1"
    assert ran(tenant, "Slow")["status"] == 200
    tenant("test", ORDERS, "--flow", "Stuck", "--timeout", "1", code=1)
    assert "has not ended after 1 s" in tenant.err


def test_without_a_flow_its_name_or_tests_are_needed(tenant: Tenant) -> None:
    tenant("test", ORDERS, code=3)
    assert all(name in tenant.err for name in ("Receive order", "Broken", "Slow"))
    tenant("test", ORDERS, "--flow", "Receive", code=3)
    assert '"Receive order"' in tenant.err
    tenant("test", "Instance/acme/other", "--flow", "Broken", code=3)
    assert f'did you mean "{ORDERS}"?' in tenant.err
    assert "**0 passed, 1 failed.**" in tenant(
        "test", ORDERS, "--flow", "Broken", "--format", "markdown", code=1
    )


def test_the_tests_of_a_manifest_are_run_and_compared(tenant: Tenant) -> None:
    path = tenant.root / "manifests/instance-acmeorders.yaml"
    before = path.read_text("utf-8")
    document = yaml.safe_load(before)
    document["spec"]["tests"] = [
        {"flow": "Receive order", "payload": {"id": 1}, "expect": {"body": {"id": 1}}},
        {"flow": "Receive order", "payload": {"id": 2}, "expect": {"body": {"id": 3}}},
    ]
    path.write_text(yaml.safe_dump(document), "utf-8")
    try:
        found = tenant.json("test", ORDERS, code=1)
        assert [one["problems"] for one in found["tests"]] == [[], ["body.id is 2 instead of 3"]]
        assert "1 passed, 1 failed." in tenant("test", ORDERS, code=1)
    finally:
        path.write_text(before, "utf-8")


def test_the_flow_of_an_integrations_draft(tenant: Tenant) -> None:
    found = tenant.json("test", "Integration/plain", "--payload", "[1]")
    assert [(one["flow"], one["body"]) for one in found["tests"]] == [("Receive order", [1])]
    tenant("test", "Integration/orders", code=3)
    assert '"Slow"' in tenant.err


def enabled(tenant: Tenant, customer: str) -> bool:
    return bool(tenant.json("get", "instances", f"Orders for {customer}")[0]["enabled"])


def test_disable_and_enable_at_once(tenant: Tenant) -> None:
    tenant("disable", ORDERS, code=3)
    assert "--yes" in tenant.err
    assert enabled(tenant, "Acme")
    outcome = tenant.json("disable", ORDERS, "--yes")
    assert [(one["id"], one["status"]) for one in outcome["actions"]] == [(f"{ORDERS}#disable", "done")]
    assert "the next apply will enable it again" in tenant.err
    assert not enabled(tenant, "Acme")
    assert "already disabled" in tenant("disable", ORDERS, "--yes")
    tenant("test", ORDERS, "--flow", "Slow", code=1)
    assert "not enabled" in tenant.err
    assert f"{ORDERS}\n    enable" in tenant("enable", ORDERS, "--yes")
    assert enabled(tenant, "Acme")
    assert "next apply" not in tenant.err
    entries = tenant.json("history", "latest")["entries"]
    assert "updateInstance" in json.dumps(entries)


def test_one_offs_take_selections_and_name_all_that_is_wrong(tenant: Tenant) -> None:
    tenant("disable", "--select", "wave=acme", "--select", "Instance/glo*", "--yes")
    assert not enabled(tenant, "Acme")
    tenant("enable", "--select", "wave=acme", "--yes")
    assert (enabled(tenant, "Acme"), enabled(tenant, "Globex")) == (True, False)
    tenant("deploy", "Instance/acme/order", "Customer/acme", "Instance/x", code=3)
    assert tenant.err.count("error:") == 3
    tenant("deploy", "--select", "wave=none", "--yes", code=3)
    tenant("deploy", "--yes", code=3)


def test_a_deploy_leaves_what_is_paused_paused(tenant: Tenant) -> None:
    outcome = tenant.json("deploy", "Instance/globex/orders", "--yes")
    assert [one["id"].rpartition("#")[2] for one in outcome["actions"]] == ["deploy", "disable"]
    assert tenant.json("get", "instances", "Orders for Globex")[0]["needsDeploy"] is False
    assert not enabled(tenant, "Globex")
    move_by_hand(tenant, 1)


def test_one_offs_work_without_the_manifests(tenant: Tenant) -> None:
    kept = {path: path.read_text("utf-8") for path in (tenant.root / "manifests").iterdir()}
    try:
        for path in kept:
            path.unlink()
        tenant("disable", ORDERS, "--yes")
        assert "next apply" not in tenant.err
        (tenant.root / "manifests/broken.yaml").write_text("kind: Nothing\n", "utf-8")
        tenant("enable", ORDERS, "--yes")
        assert "the manifests are not valid" in tenant("enable", ORDERS, "--yes") + tenant.err
        tenant("test", ORDERS, "--flow", "Receive order")
        tenant("test", ORDERS, code=3)
    finally:
        (tenant.root / "manifests/broken.yaml").unlink(missing_ok=True)
        for path, text in kept.items():
            path.write_text(text, "utf-8")
    assert enabled(tenant, "Acme")
