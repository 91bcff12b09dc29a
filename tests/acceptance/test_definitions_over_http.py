"""Real definition files, from an empty tenant to a healed one, over HTTP with another client beside us."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.acceptance.remote import ROOT, Remote
from tests.sandbox.served import ServedSandbox

SHARED = ROOT.parent / "shared" / "definitions"
EXAMPLES = ROOT / "examples" / "manifests" / "definitions"
FILES = [path for folder in (SHARED, EXAMPLES) for path in sorted(folder.glob("*.y*ml"))]
Drift = set[tuple[str, str, str]]


def test_the_shared_definitions_are_here():
    if not SHARED.is_dir():
        pytest.skip("../shared/definitions is not there; only the examples' definitions are tried")
    assert len(list(SHARED.glob("*.y*ml"))) > 5


@pytest.mark.parametrize("number", range(len(FILES)), ids=[path.stem for path in FILES])
def test_a_definition_from_nothing_to_healed(
    number: int, remote: Callable[..., Remote], served: ServedSandbox
):
    path, auth = FILES[number], ("accessToken", "refreshToken")[number % 2]
    project = remote(served, name=f"definitions-{number}", auth=auth)
    data = yaml.safe_load(path.read_text("utf-8"))
    config = _written(project, path, data, number)

    code, _, err = project("apply", "--yes")
    assert code == 0, err
    project.converged()
    assert project.named("instances", f"Instance {number}", "enabled needsDeploy deployedVersion") == {
        "name": f"Instance {number}", "enabled": True, "needsDeploy": False, "deployedVersion": 1,
    }  # fmt: skip

    edits = _edits(project, data, config, number)
    # That an import may take our mark along is listed, and nobody knows whose doing it was.
    found = [one for one in project.json("drift")["drift"] if one["cause"] != "unknown"]
    assert {(d["address"], d["path"], d["cause"]) for d in found} == edits
    assert len(found) == len(edits)

    code, out, err = project("apply", "--yes")
    assert (code, "--overwrite-drafts" in out) == (5, True), err
    code, _, err = project("apply", "--yes", "--overwrite-drafts", "--deploy-pending")
    assert code == 0, err
    project.converged()
    assert project.json("drift")["drift"] == []
    assert project.named("integrations", f"Integration {number}", "versionNumber")["versionNumber"] == 2, (
        "a draft bears the number of the next version: one was published"
    )


def _written(project: Remote, path: Path, data: dict[str, Any], number: int) -> dict[str, Any]:
    """Writes definition and manifests; the instance's config."""
    project.write("definitions/it.yml", path.read_text("utf-8"))
    project.manifest(
        "Integration", "it", name=f"Integration {number}", description="As in git",
        definition="../definitions/it.yml", release="1.4.0", draft="follow",
    )  # fmt: skip
    project.manifest("Customer", "acme", name=f"Customer {number}")
    config = {v["key"]: _value(v) for v in data.get("requiredConfigVars") or () if _wants(v)}
    project.manifest(
        "Instance", "it", customer="acme", integration="it", release="1.4.0", name=f"Instance {number}",
        enabled=True, **({"config": config} if config else {}),
    )  # fmt: skip
    return config


def _wants(variable: dict[str, Any]) -> bool:
    return variable["dataType"] in ("connection", "string") or not variable.get("defaultValue")


def _value(variable: dict[str, Any]) -> Any:
    """Something that the variable takes."""
    if variable["dataType"] == "connection":
        inputs = variable.get("inputs") or {}
        return {"inputs": {name: given.get("value") or f"my-{name}" for name, given in inputs.items()}}
    if variable.get("collectionType") == "valuelist":
        return ["a", "b"]
    if variable.get("collectionType") == "keyvaluelist":
        return {"a": "b"}
    if variable["dataType"] in ("picklist", "string") and variable.get("defaultValue"):
        return variable["defaultValue"]
    if variable["dataType"] == "picklist":
        return (variable.get("pickList") or ["chosen"])[0]
    values = {"number": 7, "boolean": True, "schedule": "0 4 * * *", "jsonForm": {"fields": [{"a": "b"}]}}
    return values.get(variable["dataType"], "text")


def _edits(project: Remote, data: dict[str, Any], config: dict[str, Any], number: int) -> Drift:
    """What the other client changes, as drift is to name it."""
    integration = project.named("integrations", f"Integration {number}", "id definition")
    instance = project.named("instances", f"Instance {number}")["id"]
    text = yaml.safe_load(integration["definition"])
    flow, step, name = next(_plain_inputs(text))
    step["inputs"][name]["value"] = "theirs"
    project.behind(
        "importIntegration", {"integrationId": integration["id"], "definition": yaml.safe_dump(text)}
    )
    project.behind("updateIntegration", {"id": integration["id"], "description": "Theirs"})
    found = {
        ("Integration/it", f"definition.flows[{flow}].steps[{step['name']}].inputs.{name}.value", "drift"),
        ("Integration/it", "description", "drift"),
        ("Instance/acme/it", "enabled", "drift"),
    }
    if config:
        # What is only ever written cannot be seen to change: plain variables first.
        key = min(config, key=lambda key: isinstance(config[key], dict) and "inputs" in config[key])
        variable, path = _theirs(key, config[key])
        project.behind("updateInstanceConfigVariables", {"id": instance, "configVariables": [variable]})
        found.add(("Instance/acme/it", path, "drift"))
    project.behind("updateInstance", {"id": instance, "enabled": False})
    return found


def _plain_inputs(definition: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], str]]:
    for flow in definition["flows"]:
        for step in flow["steps"]:
            for name, given in (step.get("inputs") or {}).items():
                if given.get("type") == "value" and isinstance(given.get("value"), str):
                    yield flow["name"], step, name


def _theirs(key: str, value: Any) -> tuple[dict[str, Any], str]:
    """Another value of a config variable on the wire, and the path of what changes."""
    if not (isinstance(value, dict) and "inputs" in value):
        return {"key": key, "value": "theirs"}, f"config.{key}"
    name = next(iter(value["inputs"]))
    rows = [
        {"name": n, "type": "value", "value": "theirs" if n == name else v}
        for n, v in value["inputs"].items()
    ]
    return {"key": key, "values": json.dumps(rows)}, f"config.{key}.inputs.{name}"
