"""Executions: what calling a flow makes, how markers decide its end, how steps and logs are read."""

from __future__ import annotations

import json
from typing import Any

import anyio
import httpx
import msgspec
import pytest
from test_core_world import REGION, World, definition

from reconciler.sandbox.app import build_app

RESULT = "statusCode body execution { id status error endedAt resultType stepCount }"


def text(marker: str = "", *, flows: str = "Flow 1", sync: bool = False) -> str:
    """A definition whose flows end as the marker says."""
    made = definition(variables=REGION, flows=flows)
    described = f"    description: {json.dumps(marker)}\n    isSynchronous: {str(sync).lower()}\n    steps:"
    return made.replace("    steps:", described)


def visit(w: World, method: str, path: str, **given: Any) -> httpx.Response:
    """What another door than GraphQL answers."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(build_app(w.sandbox))
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox.localhost") as client:
            return await client.request(method, path, **given)

    return anyio.run(ask)


def deployed(w: World, definition_text: str, customer: str | None = None, **given: Any) -> str:
    instance = w.instance(w.version(definition_text), customer=customer, **given)
    w.call("deployInstance", id=instance)
    return instance


def call(w: World, instance: str, fields: str = RESULT, **given: Any) -> Any:
    config = w.get("instance", instance, "flowConfigs { nodes { id } }")["flowConfigs"]["nodes"][0]["id"]
    query = f"""mutation ($i: TestInstanceFlowConfigInput!) {{ testInstanceFlowConfig(input: $i) {{
        testInstanceFlowConfigResult {{ {fields} }} errors {{ field messages }} }} }}"""
    payload = w.ask(query, i={"id": config, **given})["testInstanceFlowConfig"]
    return payload["testInstanceFlowConfigResult"] or payload["errors"]


def of_draft(w: World, draft: str, **given: Any) -> Any:
    flow = w.get("integration", draft, "flows { nodes { id } }")["flows"]["nodes"][0]["id"]
    query = f"""mutation ($i: TestIntegrationFlowInput!) {{ testIntegrationFlow(input: $i) {{
        testIntegrationFlowResult {{ {RESULT} flow {{ name }} }} errors {{ field messages }} }} }}"""
    payload = w.ask(query, i={"id": flow, **given})["testIntegrationFlow"]
    return payload["testIntegrationFlowResult"] or payload["errors"]


@pytest.mark.parametrize(
    ("marker", "status", "body", "state"),
    [
        ("", 200, "{}", "SUCCESS"),
        ("sandbox:status=503", 503, "{}", "SUCCESS"),
        ('sandbox:body={"ok": true} and more', 200, '{"ok": true}', "SUCCESS"),
        ("sandbox:body=fine sandbox:status=201", 201, "fine", "SUCCESS"),
        ("sandbox:fail@legacy", 200, "{}", "SUCCESS"),
        ("sandbox:fail@eu", 500, None, "ERROR"),
        ("sandbox:fail", 500, None, "ERROR"),
        ("sandbox:fail sandbox:status=422 sandbox:body=bad", 422, "bad", "ERROR"),
    ],
)
def test_a_draft_ends_as_its_marker_says(marker: str, status: int, body: str | None, state: str) -> None:
    w = World()
    draft = w.integration(text(marker))
    w.call("updateInstance", id=system(w, draft), configVariables=[{"key": "Region", "value": "eu"}])
    got = of_draft(w, draft, payload="{}")
    assert (got["statusCode"], got["execution"]["status"]) == (status, state)
    assert body is None or got["body"] == body
    assert (got["execution"]["error"] is not None) is (state == "ERROR")
    assert got["flow"]["name"] == "Flow 1"


def system(w: World, draft: str) -> str:
    return str(w.get("integration", draft, "systemInstance { id }")["systemInstance"]["id"])


def test_an_asynchronous_test_answers_with_the_execution_alone() -> None:
    w = World()
    got = of_draft(w, w.integration(text()), payload="{}", asynchronous=True)
    assert json.loads(got["body"]) == {"executionId": got["execution"]["id"]}


def test_a_version_fails_for_some_customers_alone() -> None:
    w = World()
    version = w.version(text("sandbox:fail@legacy"))
    states = {}
    for name, labels in (("Old", ["Legacy"]), ("New", [])):
        instance = w.instance(version, customer=w.customer(name, labels=labels))
        w.call("deployInstance", id=instance)
        states[name] = call(w, instance)["execution"]["status"]
        failed = w.get("instance", instance, "inFailedState lastExecutedAt")
        assert failed["inFailedState"] is (name == "Old")
        assert failed["lastExecutedAt"]
    assert states == {"Old": "ERROR", "New": "SUCCESS"}
    found = w.ask("{ instances(inFailedState: true) { nodes { customer { name } } } }")["instances"]["nodes"]
    assert found == [{"customer": {"name": "Old"}}]


def test_one_instance_fails_by_its_configuration() -> None:
    w = World()
    instance = deployed(w, text(), configVariables=[{"key": "Region", "value": "sandbox:fail"}])
    assert call(w, instance)["execution"]["status"] == "ERROR"


@pytest.mark.parametrize("given", ["sandbox:deploy-fails", "eu"])
def test_a_deploy_that_is_asked_to_fail(given: str) -> None:
    w = World()
    instance = w.instance(w.version(text()), configVariables=[{"key": "Region", "value": given}])
    if given == "eu":
        w.call("deployInstance", id=instance)
    else:
        assert w.refused("deployInstance", id=instance, force=True)[0] == "__all__"
        assert w.get("instance", instance, "lastDeployedAt")["lastDeployedAt"] is None


def test_what_cannot_be_called() -> None:
    w = World()
    instance = w.instance(w.version(text()))
    assert "not deployed" in call(w, instance)[0]["messages"][0]
    w.call("deployInstance", id=instance)
    w.call("updateInstance", id=instance, enabled=False)
    assert "not enabled" in call(w, instance)[0]["messages"][0]


def test_an_execution_is_pending_until_it_was_asked_for_often_enough() -> None:
    w = World()
    execution = call(w, deployed(w, text("sandbox:polls=2 sandbox:fail")))["execution"]
    assert (execution["status"], execution["endedAt"]) == ("PENDING", None)
    fields = "status endedAt error logs { totalCount } stepResults { totalCount }"
    first, second = (w.get("executionResult", execution["id"], fields) for _ in range(2))
    assert (first["status"], first["logs"]["totalCount"], first["stepResults"]["totalCount"]) == (
        "PENDING",
        0,
        0,
    )
    assert (second["status"], second["stepResults"]["totalCount"]) == ("ERROR", 1)
    assert second["endedAt"]
    assert second["logs"]["totalCount"] == 3


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        ("", 3),
        ("isTestExecution: true", 3),
        ("status: ERROR", 1),
        ("status: SUCCESS", 2),
        ("status: PENDING", 0),
        ("error_Isnull: true", 2),
        ('resultType: "ERROR"', 1),
        ('resultType_In: ["error", "completed"]', 3),
        ("instance_IsSystem: true", 1),
        ("instance: $instance", 2),
        ("instance_Customer: $customer", 2),
        ("integration: $draft", 3),
        ("endedAt_Isnull: true", 0),
        ('startedAt_Gte: "2100-01-01T00:00:00Z"', 0),
        ('invokeType_In: ["webhook"]', 0),
        ("replayForExecution_Isnull: false", 1),
    ],
)
def test_executions_are_found_by(arguments: str, count: int) -> None:
    w = World()
    draft = w.integration(text())
    customer = w.customer()
    instance = w.instance(w.publish(draft), customer=customer)
    w.call("deployInstance", id=instance)
    of_draft(w, draft)
    first = call(w, instance)["execution"]["id"]
    w.call("updateInstance", id=instance, configVariables=[{"key": "Region", "value": "sandbox:fail"}])
    replay = """mutation ($id: ID!) { replayExecution(input: {id: $id}) {
        instanceExecutionResult { replayForExecution { id } } errors { messages } } }"""
    made = w.ask(replay, id=first)["replayExecution"]["instanceExecutionResult"]
    assert made["replayForExecution"]["id"] == first
    declared = "query ($instance: ID, $customer: ID, $draft: ID)"
    shown = f"({arguments})" if arguments else ""
    given = "ids: instances(id_In: [$instance], customer: $customer, integration: $draft) { totalCount }"
    query = f"{declared} {{ executionResults{shown} {{ totalCount }} {given} }}"
    found = w.ask(query, instance=instance, customer=customer, draft=draft)
    assert found["executionResults"]["totalCount"] == count


def test_logs_and_step_results_page_and_filter() -> None:
    w = World()
    instance = deployed(w, text("sandbox:fail"))
    execution = call(w, instance, payload="hello")["execution"]["id"]
    asked = """query ($e: ID!) {
        logs(executionResult: $e, first: 2, sortBy: [{field: TIMESTAMP, direction: DESC}]) {
        nodes { message severity stepName customerName instanceName flowName integrationName logType }
        pageInfo { hasNextPage } } errors: logs(severity: 4) { totalCount }
        none: logs(message_Icontains: "no") { totalCount }
        steps: stepResults(executionResult: $e) { nodes { displayStepName hasError resultsUrl } } }"""
    got = w.ask(asked, e=execution)
    last, failed = got["logs"]["nodes"]
    assert last["message"] == "Ending Instance Execution"
    assert (failed["severity"], failed["stepName"], failed["flowName"]) == ("ERROR", "Trigger", "Flow 1")
    assert (failed["customerName"], failed["instanceName"], failed["logType"]) == ("Acme", "I", "EXECUTION")
    assert got["logs"]["pageInfo"]["hasNextPage"]
    assert (got["errors"]["totalCount"], got["none"]["totalCount"]) == (1, 0)
    (step,) = got["steps"]["nodes"]
    assert (step["displayStepName"], step["hasError"]) == ("Trigger", True)
    found = visit(w, "GET", step["resultsUrl"])
    assert "hello" in msgspec.msgpack.decode(found.content)["data"]
    assert visit(w, "GET", "/results/step/nothing/result").status_code == 404


def test_a_flow_with_a_deploy_trigger_runs_after_each_deploy() -> None:
    w = World()
    trigger = "{key: instanceDeploy, component: {key: management-triggers, isPublic: true, version: LATEST}}"
    webhook = "{key: webhook, component: {key: webhook-triggers, isPublic: true, version: LATEST}}"
    instance = deployed(w, text("sandbox:fail").replace(webhook, trigger))
    found = w.get("instance", instance, "needsDeploy executionResults { nodes { invokeType status } }")
    assert found["executionResults"]["nodes"] == [{"invokeType": "DEPLOY_FLOW", "status": "ERROR"}]
    assert found["needsDeploy"] is False


@pytest.mark.parametrize(("sync", "body"), [(True, {"a": 1}), (False, None)])
def test_a_webhook_is_called_over_http(sync: bool, body: Any) -> None:
    w = World()
    instance = deployed(w, text(sync=sync))
    url = w.get("instance", instance, "flowConfigs { nodes { webhookUrl } }")["flowConfigs"]["nodes"][0][
        "webhookUrl"
    ]
    answer = visit(w, "POST", url, json={"a": 1})
    identifier = answer.headers["prismatic-executionid"]
    assert answer.json() == (body or {"executionId": identifier})
    assert w.get("executionResult", identifier, "invokeType status")["invokeType"] == "WEBHOOK"
    w.call("updateInstance", id=instance, enabled=False)
    assert visit(w, "POST", url).status_code == 404
    assert visit(w, "POST", "/trigger/nothing").status_code == 404


def test_a_webhook_with_api_keys_asks_for_one() -> None:
    w = World()
    instance = deployed(w, text())
    fields = "flowConfigs { nodes { id webhookUrl flow { id } } }"
    config = w.get("instance", instance, fields)["flowConfigs"]["nodes"][0]
    w.call("updateInstance", id=instance, flowConfigs=[{"flowId": config["flow"]["id"], "apiKeys": ["k"]}])
    path = config["webhookUrl"]
    assert visit(w, "POST", path).status_code == 401
    assert visit(w, "POST", path, headers={"Api-Key": "k"}).status_code == 200
