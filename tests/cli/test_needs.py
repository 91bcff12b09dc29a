"""What definitions need of the tenant is looked for by the plan, which would be green before a red apply."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.sandbox.faults import Fault
from tests.cli.projects import DEFINITION, Folder

HTTP = "component: {key: http, isPublic: true, version: LATEST}"
OWN = "component: {key: acme-erp, isPublic: false, version: LATEST}"
SHARED = "  - {key: CRM, dataType: connection, useScopedConfigVar: crm}\n"


@pytest.fixture
def strict(project: Folder) -> Folder:
    """A tenant that refuses what it lacks."""
    assert project("sandbox", "rule", "unknown_components=refused")[0] == 0
    return project


def publish_own(project: Folder, **more: Any) -> None:
    with project.sandbox() as sandbox:
        sandbox.add_component("acme-erp", **more)


def integration(project: Folder, text: str, name: str = "orders", release: str | None = "1.0.0") -> None:
    project.write(f"definitions/{name}.yml", text)
    spec = {"name": name.title(), "definition": f"../definitions/{name}.yml"}
    project.manifest("Integration", name, **spec, **({"release": release} if release else {}))


def refusals(project: Folder, *arguments: str) -> list[tuple[str, str]]:
    plan = project.json("plan", *arguments)
    return [(one["code"], one["message"]) for one in plan["refusals"]]


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        ("{key: acme-erp, isPublic: false, version: LATEST}", '"private/acme-erp" is not in this tenant'),
        ("{key: acme-erp, isPublic: false, version: 3}", '"private/acme-erp" is not in this tenant'),
        ("{key: nobody-has-it, isPublic: true, version: LATEST}", '"public/nobody-has-it" is not in this'),
        ("{key: http, isPublic: false, version: LATEST}", '"private/http" is not in this tenant'),
        ("{key: http, isPublic: true, version: 9000}", '"public/http" has no version 9000 in this tenant'),
        (f"{{key: http, isPublic: true, signature: {'ab' * 20}}}", f'with the signature "{"ab" * 20}"'),
    ],
)
def test_a_component_that_is_not_there_is_refused(strict: Folder, reference: str, says: str):
    text = DEFINITION.replace(HTTP, f"component: {reference}", 1)
    integration(strict, text)
    ((code, message),) = refusals(strict)
    assert code == "component-missing"
    assert says in message
    assert message.endswith("needed by Integration/orders")
    assert strict("apply", "--yes")[0] == 5
    # The import really would have been refused.
    raw = "mutation ($d: String!) { importIntegration(input: {definition: $d}) { errors { messages } } }"
    assert strict.ask(raw, {"d": text})["importIntegration"]["errors"]


def test_one_finding_names_all_that_need_it(strict: Folder):
    for name in ("orders", "returns", "stock"):
        integration(strict, DEFINITION.replace(HTTP, OWN), name)
    integration(strict, DEFINITION, "fine")
    found = strict.json("plan")["refusals"]
    needing = [f"Integration/{name}" for name in ("orders", "returns", "stock")]
    assert [one["address"] for one in found] == needing
    (message,) = {one["message"] for one in found}
    assert message.endswith(f"needed by {', '.join(needing)}")
    assert strict("plan")[1].count("is not in this tenant") == 1
    assert strict("plan", "--format", "markdown")[1].count("is not in this tenant") == 1
    # An annotation stands at each place.
    assert strict("plan", "--format", "github")[1].count("is not in this tenant") == 3
    code, out, _ = strict("apply", "--yes")
    assert (code, out.count("is not in this tenant")) == (5, 1)  # in the plan; the outcome counts it
    names = strict.ask("{ integrations { nodes { name } } }")["integrations"]["nodes"]
    assert names == [{"name": "Fine"}]  # the rest goes on
    assert refusals(strict, "--exclude", "Integration/*") == []
    ((_, message),) = refusals(strict, "--select", "Integration/stock")
    assert message.endswith("needed by Integration/stock")
    publish_own(strict)
    assert refusals(strict) == []
    assert strict("apply", "--yes")[0] == 0


def test_versions_of_an_own_component_are_told_apart(strict: Folder):
    publish_own(strict)
    publish_own(strict)
    nodes = strict.ask(
        '{ components(key: "acme-erp", allVersions: true) { nodes { versionNumber signature } } }'
    )["components"]["nodes"]
    known = {one["versionNumber"]: one["signature"] for one in nodes}
    for number, signature in known.items():
        for asked in (f"version: {number}", f"signature: {signature}"):
            integration(strict, DEFINITION.replace(HTTP, OWN.replace("version: LATEST", asked)))
            assert refusals(strict) == [], asked
    integration(strict, DEFINITION.replace(HTTP, OWN.replace("LATEST", "3")))
    ((_, message),) = refusals(strict)
    assert "no version 3 in this tenant; the newest is 2" in message


def test_a_shared_connection_is_declared_or_there(strict: Folder):
    integration(strict, DEFINITION + SHARED)
    ((code, message),) = refusals(strict)
    assert code == "not-there"
    assert '"crm"' in message
    assert message.endswith("needed by Integration/orders")
    connection = {"component": "http", "connection": "apiKey", "stableKey": "crm", "scope": "org"}
    strict.manifest("Connection", "crm", name="CRM", **connection)
    assert refusals(strict) == []
    assert strict("apply", "--yes")[0] == 0
    (strict.root / "manifests/connection-crm.yaml").unlink()
    integration(strict, DEFINITION.replace("/orders", "/new") + SHARED, release="1.1.0")
    assert refusals(strict) == []
    assert strict("apply", "--yes")[0] == 0


def test_what_is_not_to_be_sent_needs_nothing(strict: Folder):
    publish_own(strict)
    integration(strict, DEFINITION.replace(HTTP, OWN))
    assert strict("apply", "--yes")[0] == 0
    sandbox = strict.sandbox()
    with sandbox.store.writing():
        sandbox.store.delete("component", "key", "acme-erp")
    sandbox.close()
    plan = strict.json("plan")
    assert (plan["actions"], plan["refusals"]) == ([], [])
    before = plan["requests"]["read"]
    integration(strict, DEFINITION.replace(HTTP, OWN).replace("/orders", "/new"))
    assert refusals(strict) == []  # nothing is imported under the same release
    integration(strict, DEFINITION.replace(HTTP, OWN).replace("/orders", "/new"), release="1.1.0")
    assert [code for code, _ in refusals(strict)] == ["component-missing"]
    assert before < strict.json("plan")["requests"]["read"]


def test_a_declared_component_is_refused_once(strict: Folder):
    integration(strict, DEFINITION.replace(HTTP, OWN))
    strict.manifest("Component", "acme-erp", key="acme-erp", isPublic=False)
    found = strict.json("plan")["refusals"]
    assert {one["code"] for one in found} == {"component-missing"}
    assert not any("needed by" in one["message"] for one in found)


@pytest.mark.parametrize(
    "reference",
    [
        "{key: acme-erp, isPublic: false, version: LATEST}",
        "{key: acme-erp, isPublic: false, version: 12}",
        f"{{key: acme-erp, isPublic: false, signature: {'cd' * 20}}}",
        "{key: http, isPublic: true, version: 9000}",
        f"{{key: http, isPublic: true, signature: {'cd' * 20}}}",
    ],
)
def test_where_components_are_invented_plan_and_apply_agree(project: Folder, reference: str):
    integration(project, DEFINITION.replace(HTTP, f"component: {reference}", 1))
    assert refusals(project) == []
    assert project("apply", "--yes")[0] == 0
    other = reference.replace("cd" * 20, "ef" * 20).replace("12", "13")
    integration(
        project, DEFINITION.replace(HTTP, f"component: {other}", 1).replace("/orders", "/b"), release="1.1.0"
    )
    assert refusals(project) == []
    assert project("apply", "--yes")[0] == 0
    assert project.json("plan")["actions"] == []


@pytest.mark.parametrize("operation", ["components", "scopedConfigVariables"])
def test_what_cannot_be_looked_up_is_warned_about(project: Folder, operation: str):
    integration(project, DEFINITION + SHARED)
    sandbox = project.sandbox()
    sandbox.set_faults([Fault("graphql_errors", operation=operation)])
    sandbox.close()
    code, out, err = project("plan", "--format", "json")
    assert code == 0, err
    plan = json.loads(out)
    (warning,) = (one for one in plan["warnings"] if one["code"] == "not-looked-up")
    assert f"cannot be looked up, and may be missing: {operation}: " in warning["message"]
    assert plan["refusals"] == []


def requests(project: Folder, *arguments: str) -> int:
    """How many requests a plan takes."""

    def so_far() -> int:
        with project.sandbox() as sandbox:
            return sandbox.requests()

    before = so_far()
    project.json("plan", *arguments)
    return so_far() - before


def test_many_are_asked_for_together(project: Folder):
    """One request for the components of all integrations and for connections; none without a need."""
    for number in range(6):
        own = OWN.replace("acme-erp", f"acme-{number}")
        integration(project, DEFINITION.replace(HTTP, own), f"more-{number}")
    nothing = requests(project, "--exclude", "Integration/*")
    assert requests(project, "--select", "Integration/more-0") == nothing + 1
    assert requests(project) == nothing + 1
    integration(project, DEFINITION + SHARED, "more-0")
    assert requests(project) == nothing + 1
    integration(project, DEFINITION, "more-0")
    assert project("apply", "--yes")[0] == 0
    assert requests(project) == nothing
