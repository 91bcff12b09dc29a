"""Real definitions, over HTTP: each imports, publishes, deploys and plans empty; edits are drift."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.cli.projects import Folder
from tests.sandbox.served import ServedSandbox

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(
    path
    for folder in (ROOT.parent / "shared" / "definitions", ROOT / "examples" / "manifests" / "definitions")
    if folder.is_dir()
    for path in folder.iterdir()
    if path.suffix in (".yml", ".yaml")
)

PROJECT = """\
apiVersion: reconciler/v1
kind: Project
metadata: {{name: real}}
spec:
  manifests: [manifests/]
  environments:
    served:
      url: {url}
      tenant: {tenant}
      auth: {{refreshToken: {{env: SERVED_TOKEN}}}}
      rate: 1000
  default: served
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedSandbox]:
    with ServedSandbox(str(tmp_path_factory.mktemp("served") / "tenant.db")) as sandbox:
        yield sandbox


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_imports_publishes_deploys_and_plans_empty(
    path: Path, served: ServedSandbox, project: Folder, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SERVED_TOKEN", served.refresh_token)
    data = yaml.safe_load(path.read_text("utf-8"))
    _project(project, path, data, served)
    code, out, err = project("apply", "--yes")
    assert code == 0, out + err
    assert project("plan", "--detailed-exitcode")[0] == 0
    with httpx.Client(base_url=served.url, headers={"Authorization": f"Bearer {served.token}"}) as http:
        _edit(path, data, _Client(http))
    found = {(d["address"], d["path"]): d["cause"] for d in project.json("drift")["drift"]}
    flow = data["flows"][0]["name"]
    assert found == {
        (f"Integration/{_slug(path)}", f"definition.flows[{flow}].description"): "drift",
        (f"Integration/{_slug(path)}", "description"): "drift",
        (f"Instance/acme-{_slug(path)}/it", "enabled"): "drift",
    }
    code, out, err = project("apply", "--yes", "--overwrite-drafts")
    assert code == 0, out + err
    assert project("plan", "--detailed-exitcode")[0] == 0


def _edit(path: Path, data: dict[str, Any], theirs: _Client) -> None:
    """Somebody else's changes."""
    integration = theirs.one("integrations", path.stem)
    edited = copy.deepcopy(data)
    edited["name"] = path.stem
    edited["flows"][0]["description"] = "Edited by somebody else"
    theirs.mutate("importIntegration", integrationId=integration, definition=yaml.safe_dump(edited))
    theirs.mutate("updateIntegration", id=integration, description="Edited too")
    instance = theirs.one("instances", f"{path.stem} for Acme")
    theirs.mutate("updateInstance", id=instance, enabled=False)


def _slug(path: Path) -> str:
    return path.stem.lower().replace("_", "-")[:40]


def _project(project: Folder, path: Path, data: dict[str, Any], served: ServedSandbox) -> None:
    slug = _slug(path)
    project.write("reconciler.yaml", PROJECT.format(url=served.url, tenant=served.tenant))
    project.write("definitions/it.yml", path.read_text("utf-8"))
    project.manifest(
        "Integration",
        slug,
        name=path.stem,
        description="As in git",
        definition="../definitions/it.yml",
        release="1.0.0",
    )
    project.manifest("Customer", f"acme-{slug}", name=f"Acme {path.stem}")
    project.manifest(
        "Instance",
        "it",
        customer=f"acme-{slug}",
        integration=slug,
        name=f"{path.stem} for Acme",
        enabled=True,
        config={
            v["key"]: value for v in data.get("requiredConfigVars") or [] if (value := _value(v)) is not None
        },
    )


def _value(variable: dict[str, Any]) -> Any:
    """A value for each variable that needs one, so that the instance is complete."""
    if variable.get("useScopedConfigVar"):
        return None
    if variable.get("dataType") == "connection":
        inputs = {n: "demo" for n, i in (variable.get("inputs") or {}).items() if not (i or {}).get("value")}
        return {"inputs": inputs} if inputs else None
    if variable.get("defaultValue"):
        return None
    return {"number": 1, "boolean": True, "jsonForm": {"a": 1}, "schedule": "0 0 * * *"}.get(
        variable["dataType"], (variable.get("pickList") or ["demo"])[0]
    )


class _Client:
    """Another client of the tenant."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def post(self, query: str, variables: dict[str, Any]) -> Any:
        answer = self._http.post("/api", json={"query": query, "variables": variables}).json()
        assert not answer.get("errors"), answer
        return answer["data"]

    def one(self, connection: str, name: str) -> str:
        query = f"query ($name: String) {{ {connection}(name: $name) {{ nodes {{ id }} }} }}"
        (node,) = self.post(query, {"name": name})[connection]["nodes"]
        return str(node["id"])

    def mutate(self, mutation: str, **values: Any) -> None:
        type_name = mutation[0].upper() + mutation[1:] + "Input"
        payload = "errors { field messages }"
        query = f"mutation ($input: {type_name}!) {{ {mutation}(input: $input) {{ {payload} }} }}"
        assert self.post(query, {"input": values})[mutation]["errors"] == []
