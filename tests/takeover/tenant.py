"""Makes a tenant by hand, as people do over years: by mutations, all of which follow from one seed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from reconciler.sandbox import Sandbox
from reconciler.sandbox.definition import dump
from tests.definitions import action, trigger

OURS, THEIRS = "acme", "others"
"""The project that takes the tenant over, and another one."""
_ODD = (
    "Ünïcødé ☃ {n}",
    '"quoted" {n}',
    "# {n}",
    "key: value {n}",
    "- dash {n}",
    "~{n}",
    "2024-01-01 {n}",
    "${{var.region}} {n}",
    "$${{x}} {n}",
    "it's {n}",
    "{n}. " + "long " * 30,
    "<b>{n}</b> & more",
)
_COMMENTS = ("", "1.{n}.0", "1.{n}.0 Retries on 429", "fixed the thing", "v2.{n}.0", "#{n}")
_CODE = "module.exports = async () => {\n  // twice\n  return { data: 1 };\n};\n"


@dataclass
class Made:
    """What was made: counts for the report, the names of instances that were made alike, by integration, and
    all secrets.
    """

    counts: dict[str, int] = field(default_factory=dict)
    alike: dict[str, list[str]] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1


@dataclass
class _Integration:
    name: str
    draft: str
    versions: list[str]


class Hands:
    """People who make a tenant in its web app."""

    def __init__(self, sandbox: Sandbox, rng: Random) -> None:
        self._sandbox, self._rng, self.made = sandbox, rng, Made()

    def does(self, mutation: str, values: Mapping[str, Any], asked: str = "") -> dict[str, Any]:
        """Carries out one mutation, which must not be refused; what it answers of the object."""
        kind = f"{mutation[0].upper()}{mutation[1:]}Input!"
        query = (
            f"mutation ($input: {kind}) {{ {mutation}(input: $input) "
            f"{{ {asked} errors {{ field messages }} }} }}"
        )
        _, answer, _ = self._sandbox.execute(query, {"input": dict(values)})
        found = (answer.get("data") or {}).get(mutation)
        if not found or found["errors"]:
            raise AssertionError(f"{mutation} {values}: {answer}")
        return dict(found)

    def tenant(self, *, integrations: int, customers: int, instances: int) -> Made:
        """Makes all of it."""
        rows = [self._integration(number) for number in range(integrations)]
        people = [self._customer(number) for number in range(customers)]
        running = [one for one in rows if one.versions]
        pairs = [(one, customer) for customer in people for one in running]
        self._rng.shuffle(pairs)
        for number, (one, customer) in enumerate(pairs[:instances]):
            self._instance(number, one, *customer)
        for one in rows:
            self._withdraw(one.versions)
        return self.made

    # integrations

    def _integration(self, number: int) -> _Integration:
        name = self._name("Sync", number)
        data = self._definition(name, number)
        values = {"name": name, "definition": dump(data), "labels": self._labels("integration", number)}
        draft = self.does("createIntegration", values, "integration { id }")["integration"]["id"]
        self.does("updateIntegration", {"id": draft, "category": "CRM", "description": f"Moves {number}"})
        versions: list[str] = []
        for index in range(0 if number % 10 == 9 else self._rng.randint(1, 4)):
            data["flows"][0]["description"] = f"As of {index}"
            self.does("importIntegration", {"integrationId": draft, "definition": dump(data)})
            comment = self._rng.choice(_COMMENTS).format(n=index)
            asked = "integration { id }"
            published = self.does("publishIntegration", {"id": draft, "comment": comment}, asked)
            versions.append(published["integration"]["id"])
            self.made.count("versions")
        if not versions:
            self.made.count("unpublished integrations")
        elif self._rng.random() < 0.3:
            data["flows"][0]["description"] = "Somebody works on it"
            self.does("importIntegration", {"integrationId": draft, "definition": dump(data)})
            self.made.count("drafts ahead")
        self.made.count("integrations")
        return _Integration(name, draft, versions)

    def _definition(self, name: str, number: int) -> dict[str, Any]:
        secret = self._secret("preset")
        get = {**action("httpGet", "http"), "name": "unused"}
        del get["name"]
        steps = [
            trigger(),
            {
                "name": "Get orders",
                "description": "",
                "action": get,
                "inputs": {"url": {"type": "value", "value": f"https://example.com/{number}"}},
            },
            {
                "name": "Count",
                "action": action("runCode", "code"),
                "inputs": {"code": {"type": "value", "value": _CODE}},
            },
        ]
        connection = {
            "key": "Shop",
            "dataType": "connection",
            "connection": action("basic", "http"),
            "inputs": {
                "username": {"type": "value", "value": "demo"},
                "password": {"type": "value", "value": secret if number % 3 == 0 else ""},
            },
        }
        variables: list[dict[str, Any]] = [
            {"key": "Channel", "dataType": "string", "defaultValue": "general"},
            {"key": "Mode", "dataType": "picklist", "pickList": ["fast", "slow"], "defaultValue": "fast"},
            {"key": "Body", "dataType": "code", "codeLanguage": "json", "defaultValue": "{}"},
            {"key": "Items", "dataType": "string", "collectionType": "valuelist"},
            {"key": "Key", "dataType": "string", "defaultValue": "none"},
            connection,
        ]
        flows = [{"name": "Main", "description": "", "isSynchronous": False, "steps": steps}]
        elements = [{"type": "configVar", "value": one["key"]} for one in variables]
        return {
            "definitionVersion": 7,
            "name": name,
            "description": "",
            "flows": flows,
            "configPages": [{"name": "Page", "elements": elements}],
            "requiredConfigVars": variables,
        }

    # customers

    def _customer(self, number: int) -> tuple[str, str]:
        name = self._name("Customer", number)
        values: dict[str, Any] = {"name": name, "labels": self._labels("customer", number)}
        if number % 9:
            values["externalId"] = f"ext-{number}"
        if self._rng.random() < 0.3:
            values["description"] = self._rng.choice(["Since 2019", "Gold\n\nTwo lines", " # odd", "~"])
        self.made.count("customers")
        return self.does("createCustomer", values, "customer { id }")["customer"]["id"], name

    # instances

    def _instance(self, number: int, one: _Integration, customer: str, name: str) -> None:
        rng = self._rng
        is_alike = rng.random() < 0.7
        version = one.versions[-1] if is_alike else rng.choice(one.versions)
        secret = self._secret("key")
        channel = "#orders" if is_alike else rng.choice(["general", "#a", "true", "1", "${x}", "a: b"])
        connection = [
            {"name": "username", "type": "value", "value": "shop"},
            {"name": "password", "type": "value", "value": secret},
        ]
        config: list[dict[str, Any]] = [
            {"key": "Channel", "value": channel},
            {"key": "Shop", "values": json.dumps(connection)},
            {"key": "Items", "value": json.dumps(["a"] if is_alike else rng.sample(["a", "b", "c"], 2))},
        ]
        if not is_alike:
            config += [
                {"key": "Mode", "value": rng.choice(["fast", "slow"])},
                {"key": "Body", "value": rng.choice(['{"a": 1}', "{}", '{"a":  1.0}'])},
                {"key": "Key", "value": secret},
            ]
        title = f"{one.name} for {name}" if is_alike else self._name("Instance", number)
        values = {
            "name": title[:250].strip(),
            "customer": customer,
            "integration": version,
            "configVariables": config,
            "labels": self._labels("instance", number) if not is_alike else [],
        }
        made = self.does("createInstance", values, "instance { id }")["instance"]["id"]
        self.made.count("instances")
        if is_alike:
            self.made.alike.setdefault(one.draft, []).append(values["name"])
        what = (
            "deployed" if is_alike else rng.choice(["deployed", "never deployed", "waits", "other version"])
        )
        if what != "never deployed":
            self.does("deployInstance", {"id": made})
        if what == "waits":
            self.does(
                "updateInstanceConfigVariables",
                {"id": made, "configVariables": [config[0] | {"value": "#later"}]},
            )
        if what == "other version":
            self.does("updateInstance", {"id": made, "integration": rng.choice(one.versions)})
        if not is_alike and rng.random() < 0.3:
            self.does("updateInstance", {"id": made, "enabled": False, "preserveDeployState": True})
            self.made.count("paused")
        self.made.count(what)

    def _withdraw(self, versions: list[str]) -> None:
        """Takes some old versions away from those who choose."""
        for version in versions[:-1]:
            if self._rng.random() < 0.3:
                values = {"id": version, "available": False}
                self.does("updateIntegrationVersionAvailability", values)
                self.made.count("withdrawn versions")

    # words

    def _name(self, what: str, number: int) -> str:
        draw = self._rng.random()
        if draw < 0.1:
            return self._rng.choice(_ODD).format(n=number)
        return f"{what} twin{'!' * (number % 90)}" if draw < 0.12 else f"{what} {number}"

    def _labels(self, kind: str, number: int) -> list[str]:
        draw = self._rng.random()
        labels = ["gold"] if draw < 0.3 else []
        if draw > 0.95:
            self.made.count("of another project")
            return [*labels, f"reconciler:{THEIRS}/{kind}/thing-{number}"]
        if draw > 0.8:
            self.made.count("marked")
            return [*labels, f"reconciler:{OURS}/{kind}/ours-{number}"]
        return labels

    def _secret(self, what: str) -> str:
        found = f"{what}-{self._rng.getrandbits(80):020x}"
        self.made.secrets.append(found)
        return found
