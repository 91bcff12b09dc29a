"""Small projects in a folder, and the command line run on them in the process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.cli.main import run
from reconciler.sandbox import Sandbox

DEFINITION = """\
definitionVersion: 7
name: Order notices
description: Posts orders
flows:
  - name: Receive order
    description: ""
    isSynchronous: false
    steps:
      - name: Order arrives
        isTrigger: true
        action: {key: webhook, component: {key: webhook-triggers, isPublic: true, version: LATEST}}
        inputs: {}
      - name: Fetch details
        action: {key: httpGet, component: {key: http, isPublic: true, version: LATEST}}
        inputs:
          url: {type: value, value: https://example.com/orders}
configPages:
  - name: Settings
    elements:
      - {type: configVar, value: Channel}
      - {type: configVar, value: Shop}
requiredConfigVars:
  - {key: Channel, dataType: string, defaultValue: general, orgOnly: false}
  - key: Shop
    dataType: connection
    orgOnly: false
    connection: {key: apiKey, component: {key: http, isPublic: true, version: LATEST}}
    inputs:
      apiKey: {type: value, value: demo}
"""

PROJECT = """\
apiVersion: reconciler/v1
kind: Project
metadata: {name: shop}
spec: {manifests: [manifests/]}
"""


class Folder:
    """A project on the disk, and the verbs on it."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str] | None = None) -> None:
        self.root, self._capsys = root, capsys
        (root / "manifests").mkdir()
        (root / "definitions").mkdir()
        self.write("reconciler.yaml", PROJECT)
        self.write("definitions/orders.yml", DEFINITION)

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def manifest(self, kind: str, name: str, /, **spec: Any) -> None:
        """Writes one manifest; writing it again replaces it."""
        document = {"apiVersion": "reconciler/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}
        self.write(f"manifests/{kind.lower()}-{name}.yaml", yaml.safe_dump(document, sort_keys=False))

    def shop(self, **instance: Any) -> None:
        """An integration, a customer and an instance."""
        self.manifest(
            "Integration", "orders", name="Orders", definition="../definitions/orders.yml", release="1.0.0"
        )
        self.manifest("Customer", "acme", name="Acme", externalId="acme-1", description="First")
        spec = {"customer": "acme", "integration": "orders", "name": "Orders for Acme", "enabled": True}
        self.manifest("Instance", "orders", **{**spec, "config": {"Channel": "#orders"}, **instance})

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        """Runs the command line; exit code, stdout, stderr."""
        code = run(["--project", str(self.root / "reconciler.yaml"), *arguments])
        out, err = self._capsys.readouterr() if self._capsys else ("", "")
        return code, out, err

    def json(self, *arguments: str) -> dict[str, Any]:
        """Runs it with --format json; the document."""
        _, out, err = self(*arguments, "--format", "json")
        assert out, err
        found: dict[str, Any] = json.loads(out)
        return found

    def sandbox(self) -> Sandbox:
        """The project's tenant, to be changed behind its back."""
        (self.root / ".reconciler").mkdir(exist_ok=True)
        return Sandbox(self.root / ".reconciler" / "sandbox.db")

    def mutate(self, name: str, values: dict[str, Any], shown: str = "") -> dict[str, Any]:
        """Someone else's mutation, which is carried out; its answer, with what is `shown` there."""
        query = (
            f"mutation ($input: {name[0].upper()}{name[1:]}Input!) "
            f"{{ {name}(input: $input) {{ {shown} errors {{ field messages }} }} }}"
        )
        found: dict[str, Any] = self.ask(query, {"input": values})[name]
        assert not found["errors"], found
        return found

    def behind(self, mutation: str, values: dict[str, Any]) -> Any:
        """Someone else's mutation; the object in its answer."""
        kind = next(k for k in ("integration", "customer", "instance") if k in mutation.lower())
        return self.mutate(mutation, values, f"{kind} {{ id }}")[kind]

    def ask(self, query: str, variables: dict[str, Any] | None = None) -> Any:
        """Any GraphQL, sent to the tenant; its data."""
        with self.sandbox() as sandbox:
            _, answer, _ = sandbox.execute(query, variables or {})
        assert not answer.get("errors"), answer
        return answer["data"]

    def id_of(self, connection: str) -> str:
        """The id of the only object in a list."""
        hidden = "(isSystem: false)" if connection != "integrations" else ""
        nodes = self.ask(f"{{ {connection}{hidden} {{ nodes {{ id }} }} }}")[connection]["nodes"]
        assert len(nodes) == 1, nodes
        return str(nodes[0]["id"])

    def writes(self) -> int:
        """How many mutations the tenant carried out so far."""
        with self.sandbox() as sandbox:
            return sandbox.writes()
