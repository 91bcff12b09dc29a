"""A furnished tenant, and the command line on it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.cli.main import run
from tests.sandbox.served import ServedSandbox

DEFINITION = """\
definitionVersion: 7
name: {name}
description: Posts orders
flows:
  - name: Receive order
    description: {first}
    isSynchronous: true
    steps:
      - name: Order arrives
        isTrigger: true
        action: {{key: webhook, component: {{key: webhook-triggers, isPublic: true, version: LATEST}}}}
        inputs: {{}}
      - name: Fetch details
        action: {{key: httpGet, component: {{key: http, isPublic: true, version: {http}}}}}
        inputs:
          url: {{type: value, value: https://example.com/orders}}
{more}
"""
FLOW = """\
  - name: {name}
    description: "{marker}"
    steps:
      - name: {name} arrives
        isTrigger: true
        action: {{key: webhook, component: {{key: webhook-triggers, isPublic: true, version: LATEST}}}}
        inputs: {{}}
"""
ORDERS = "Instance/acme/orders"


class Tenant:
    """A project and its tenant, by the command line alone."""

    def __init__(self, root: Path, environments: dict[str, Any]) -> None:
        self.root = root
        (root / "manifests").mkdir()
        spec = {
            "manifests": ["manifests/"],
            "default": next(iter(environments)),
            "environments": environments,
        }
        self.write("reconciler.yaml", kind="Project", metadata={"name": "shop"}, spec=spec)
        self.environments = [name for name in environments if name != "elsewhere"]
        self.others = set(environments) - set(self.environments)
        self.ids: dict[str, str] = {}

    def write(self, name: str, **document: Any) -> None:
        text = yaml.safe_dump({"apiVersion": "reconciler/v1", **document}, sort_keys=False)
        (self.root / name).write_text(text, "utf-8")

    def manifest(self, kind: str, key: str, selected_by: dict[str, str], **spec: Any) -> None:
        metadata = {"name": key, "labels": selected_by}
        path = f"manifests/{kind.lower()}-{spec.get('customer', '')}{key}.yaml"
        self.write(path, kind=kind, metadata=metadata, spec=spec)

    def __call__(self, *arguments: str, code: int = 0, stdin: str = "") -> str:
        """Runs the command line; what it printed. `err` holds what it said beside."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err), pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.stdin", io.StringIO(stdin))
            found = run(["--project", str(self.root / "reconciler.yaml"), *arguments])
        self.err = err.getvalue()
        assert found == code, out.getvalue() + self.err
        return out.getvalue()

    def json(self, *arguments: str, **options: Any) -> Any:
        return json.loads(self(*arguments, "--format", "json", **options))

    def send(self, mutation: str, values: dict[str, Any]) -> Any:
        """Someone else's mutation."""
        type_name = mutation[0].upper() + mutation[1:] + "Input"
        query = f"mutation ($input: {type_name}!) {{ {mutation}(input: $input) {{ errors {{ messages }} }} }}"
        return self.json("api", query, "-F", f"input={json.dumps(values)}")

    def names(self, *arguments: str, column: str = "name") -> list[Any]:
        """One column of a list as JSON; the text names each of its rows, too."""
        rows = [row[column] for row in self.json("get", *arguments, "--columns", column)]
        text = self("get", *arguments, "--columns", column).splitlines()
        assert text[1:] == [str(row) for row in rows] if rows else text == ["Nothing found."]
        return rows


def furnish(tenant: Tenant) -> None:
    """Two integrations, one of them in two versions, three customers and two instances."""
    http = tenant.json("get", "components", "--key", "http", "--all-versions", "--columns", "version")
    oldest = min(row["version"] for row in http)
    flows = FLOW.format(name="Broken", marker="sandbox:fail") + FLOW.format(
        name="Slow", marker="sandbox:polls=4"
    )
    flows += FLOW.format(name="Stuck", marker="sandbox:polls=1000000")
    files = {
        "orders": DEFINITION.format(name="Orders", first="First", http="LATEST", more=flows),
        "plain": DEFINITION.format(name="Plain", first="Only", http=oldest, more=""),
    }
    for name, text in files.items():
        (tenant.root / f"{name}.yml").write_text(text, "utf-8")
    shared = {"description": "Order notices", "category": "Commerce", "labels": ["Notices"]}
    tenant.manifest("Integration", "orders", {}, **shared, definition="../orders.yml", release="1.0.0")
    tenant.manifest("Integration", "plain", {}, definition="../plain.yml", category="Other")
    for name, gold in (("acme", "gold"), ("globex", "silver"), ("initech", "silver")):
        spec = {"name": name.capitalize(), "externalId": f"{name}-1", "description": f"Buys {gold}"}
        tenant.manifest("Customer", name, {"tier": gold}, **spec, labels=[gold])
    for customer, enabled in (("acme", True), ("globex", False)):
        tenant.manifest(
            "Instance",
            "orders",
            {"wave": customer},
            customer=customer,
            integration="orders",
            name=f"Orders for {customer.capitalize()}",
            description=f"Notices to {customer}",
            labels=[f"for-{customer}"],
            enabled=enabled,
        )
    tenant("apply", "--yes", "--parallelism", "1")
    changed = files["orders"].replace("https://example.com/orders", "https://example.com/new")
    (tenant.root / "orders.yml").write_text(changed, "utf-8")
    tenant.manifest("Integration", "orders", {}, **shared, definition="../orders.yml", release="1.1.0")
    tenant("apply", "--yes", "--select", "Integration/orders", "--select", ORDERS)
    for kind, name in (("integrations", "Orders"), ("customers", "Acme"), ("instances", "Orders for Globex")):
        tenant.ids[name] = tenant("get", kind, name, "--format", "ids").strip()
    shop = {"id": tenant.ids["Orders"], "marketplaceConfiguration": "available_and_deployable"}
    tenant.send("updateIntegrationMarketplaceConfiguration", {**shop, "overview": "Orders"})
    move_by_hand(tenant, 2)


def move_by_hand(tenant: Tenant, number: int) -> None:
    """Puts an instance on another version, without a deploy."""
    version = tenant("get", "version", str(number), "--integration", "Orders", "--format", "ids").strip()
    tenant.send("updateInstance", {"id": tenant.ids["Orders for Globex"], "integration": version})


def furnished(root: Path, way: str) -> Iterator[Tenant]:
    """A furnished tenant, embedded or served."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_COLOR", "1")
        patch.delenv("RECONCILER_PROJECT", raising=False)
        patch.setattr("reconciler.verbs.executions.FIRST_PAUSE", 0.01)
        if way == "embedded":
            made = Tenant(root, {"sandbox": {}})
            furnish(made)
            yield made
            return
        with ServedSandbox() as served:
            patch.setenv("SHOP_TOKEN", served.refresh_token)
            auth = {"refreshToken": {"env": "SHOP_TOKEN"}}
            here = {"url": served.url, "auth": auth, "rate": 500}
            made = Tenant(
                root,
                {
                    "first": here,
                    "named": {**here, "tenant": served.tenant},
                    "elsewhere": {**here, "tenant": "00000000-0000-0000-0000-000000000000"},
                },
            )
            furnish(made)
            yield made
