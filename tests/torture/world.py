"""Projects on the disk, made from a seed: what is wanted first, what is wanted later, and their secrets."""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from reconciler.sandbox.rules import RULES
from tests.worlds import drawn

PROJECT = "torture"
KEY = "TORTURE_DIGEST_KEY"
Specs = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Side:
    """What git says at one commit: specs by address, definitions by integration, secrets by variable."""

    specs: Specs
    definitions: Mapping[str, dict[str, Any]]
    secrets: Mapping[str, str]

    def of(self, kind: str) -> Specs:
        """The specs of a kind, by the rest of their address."""
        return {a.partition("/")[2]: spec for a, spec in self.specs.items() if a.startswith(f"{kind}/")}

    def write(self, root: Path, environment: Mapping[str, Any], policy: Mapping[str, Any]) -> None:
        """The project in a folder; what an earlier commit had and this one has not is gone."""
        for folder in ("manifests", "definitions"):
            (root / folder).mkdir(parents=True, exist_ok=True)
            for old in (root / folder).iterdir():
                old.unlink()
        spec = {
            "manifests": ["manifests/"],
            "environments": {"tenant": dict(environment)},
            "default": "tenant",
            "policy": dict(policy),
        }
        _dump(root / "reconciler.yaml", "Project", PROJECT, spec)
        for number, (address, one) in enumerate(sorted(self.specs.items())):
            kind, _, rest = address.partition("/")
            _dump(root / "manifests" / f"{number}.yaml", kind, rest.rpartition("/")[2], one)
        for name, body in self.definitions.items():
            text = yaml.safe_dump(body, sort_keys=False)
            (root / "definitions" / f"{name}.yml").write_text(text, encoding="utf-8")


@dataclass(frozen=True)
class World:
    """Two commits of one project, and the rules of its tenant."""

    seed: int
    first: Side
    later: Side
    rules: dict[str, str]

    @property
    def canaries(self) -> set[str]:
        """Every secret of both commits."""
        return {*self.first.secrets.values(), *self.later.secrets.values()}


def world(seed: int) -> World:
    """The world of a seed: up to two integrations, two customers, three instances."""
    rng = random.Random(seed)
    names = ["alpha", "beta"][: rng.randint(1, 2)]
    people = ["acme", "birch"][: rng.randint(1, 2)]
    specs: Specs = {}
    for name in names:
        specs[f"Integration/{name}"] = _integration(rng, name)
    for name in people:
        specs[f"Customer/{name}"] = _customer(rng, name)
    for name in ("sync", "notify", "watch")[: rng.randint(1, 3)]:
        customer, integration = rng.choice(people), rng.choice(names)
        specs[f"Instance/{customer}/{name}"] = _instance(rng, name, customer, integration, specs)
    first = Side(specs, {n: _definition(seed, n, "1.0.0") for n in names}, _secrets(rng, seed, specs, "one"))
    return World(seed, first, _later(rng, seed, first), _rules(rng))


def small_world() -> World:
    """One of each kind, with every field that has a step of its own: for walks through all requests."""
    rng = random.Random(7)
    specs: Specs = {
        "Integration/alpha": {**_integration(rng, "alpha"), "labels": ["Orders"], "comment": "As reviewed."},
        "Customer/acme": {"name": "Acme", "externalId": "ext-acme", "description": "A customer"},
    }
    instance = _instance(rng, "sync", "acme", "alpha", specs)
    specs["Instance/acme/sync"] = instance | {"flows": _flows("sync"), "enabled": False}
    first = Side(specs, {"alpha": _definition(7, "alpha", "1.0.0")}, _secrets(rng, 7, specs, "one"))
    changed = copy.deepcopy(specs)
    changed["Integration/alpha"]["release"] = changed["Instance/acme/sync"]["release"] = "2.0.0"
    changed["Integration/alpha"]["description"] = "Renewed"
    changed["Customer/acme"] |= {"description": "Renewed", "labels": ["Gold"]}
    changed["Instance/acme/sync"]["config"]["Channel"] = "#new"
    changed["Instance/acme/sync"]["enabled"] = True
    definitions = {"alpha": _definition(7, "alpha", "2.0.0")}
    return World(7, first, Side(changed, definitions, _secrets(rng, 7, changed, "two")), {})


def marker(seed: int, name: str, release: str) -> str:
    """The text that a definition bears for its release alone."""
    return f"marker {seed} {name} {release}"


def _integration(rng: random.Random, name: str) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "name": f"{name.title()} Sync",
        "description": rng.choice(["", "Posts orders"]),
        "definition": f"../definitions/{name}.yml",
        "release": "1.0.0",
    }
    spec |= _some(rng, {"category": "CRM", "labels": ["Orders", "beta"], "comment": "As reviewed."})
    return spec | _some(rng, {"available": True})


def _customer(rng: random.Random, name: str) -> dict[str, Any]:
    optional = {"externalId": f"ext-{name}", "description": "A customer", "labels": ["Gold", "eu"]}
    return {"name": name.title(), **_some(rng, optional)}


def _instance(rng: random.Random, name: str, customer: str, integration: str, specs: Specs) -> dict[str, Any]:
    config: dict[str, Any] = {"Shop": {"inputs": {"apiKey": {"secret": {"env": _variable(name, "SHOP")}}}}}
    config |= _some(rng, {"Channel": rng.choice(["#orders", "1", "true"]), "Mode": "slow"})
    spec = {
        "customer": customer,
        "integration": integration,
        "release": rng.choice(["latest", specs[f"Integration/{integration}"]["release"]]),
        "name": f"{name} for {customer}",
        "config": config,
    }
    optional = {
        "description": rng.choice(["", "Notices"]),
        "enabled": rng.choice([True, False]),
        "labels": ["Pilot"],
        "flows": _flows(name),
    }
    return spec | _some(rng, optional)


def _flows(name: str) -> dict[str, Any]:
    return {"Receive": {"apiKeys": [{"secret": {"env": _variable(name, "FLOW")}}]}}


def _variable(name: str, what: str) -> str:
    return f"TORTURE_{name.upper()}_{what}"


def _some(rng: random.Random, fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if rng.random() < 0.5}


def _secrets(rng: random.Random, seed: int, specs: Specs, when: str) -> dict[str, str]:
    names = [a.rpartition("/")[2] for a in specs if a.startswith("Instance/")]
    return {
        _variable(name, what): f"canary/{seed}+{when} {rng.getrandbits(64):016x}=é"
        for name in names
        for what in ("SHOP", "FLOW")
    }


def _definition(seed: int, name: str, release: str) -> dict[str, Any]:
    hook = {"key": "webhook", "component": {"key": "webhook-triggers", "isPublic": True, "version": "LATEST"}}
    get = {"key": "httpGet", "component": {"key": "http", "isPublic": True, "version": "LATEST"}}
    connection = {"key": "apiKey", "component": {"key": "http", "isPublic": True, "version": "LATEST"}}
    variables: list[dict[str, Any]] = [
        {"key": "Channel", "dataType": "string", "defaultValue": "all", "orgOnly": False},
        {"key": "Mode", "dataType": "picklist", "pickList": ["fast", "slow"], "defaultValue": "fast"},
        {
            "key": "Shop",
            "dataType": "connection",
            "orgOnly": False,
            "connection": connection,
            "inputs": {"apiKey": {"type": "value", "value": "demo"}},
        },
    ]
    steps = [
        {"name": "Trigger", "isTrigger": True, "action": hook, "inputs": {}},
        {
            "name": "Get",
            "action": get,
            "inputs": {"url": {"type": "value", "value": "https://example.com/orders"}},
        },
    ]
    description = marker(seed, name, release)
    return {
        "definitionVersion": 7,
        "name": f"{name} (definition)",
        "description": "From the definition",
        "flows": [{"name": "Receive", "description": description, "isSynchronous": False, "steps": steps}],
        "configPages": [
            {"name": "Page", "elements": [{"type": "configVar", "value": v["key"]} for v in variables]}
        ],
        "requiredConfigVars": variables,
    }


def _later(rng: random.Random, seed: int, first: Side) -> Side:
    specs, definitions = copy.deepcopy(first.specs), dict(first.definitions)
    for name, spec in first.of("Integration").items():
        if rng.random() < 0.6:
            specs[f"Integration/{name}"] |= {"release": "2.0.0", "description": "Renewed"}
            definitions[name] = _definition(seed, name, "2.0.0")
        elif "labels" in spec and rng.random() < 0.5:
            specs[f"Integration/{name}"]["labels"] = ["orders", "gamma"]
    for name in first.of("Customer"):
        if rng.random() < 0.5:
            specs[f"Customer/{name}"]["description"] = "Renewed"
    for address in sorted(first.of("Instance")):
        _another(rng, specs, f"Instance/{address}")
    if len(first.of("Instance")) > 1 and rng.random() < 0.4:
        del specs[f"Instance/{rng.choice(sorted(first.of('Instance')))}"]
    if rng.random() < 0.4:
        specs["Customer/cedar"] = _customer(rng, "cedar")
        integration = rng.choice(sorted(definitions))
        specs["Instance/cedar/fresh"] = _instance(rng, "fresh", "cedar", integration, specs)
    fresh = _secrets(rng, seed, specs, "two")
    kept = {name: value for name, value in first.secrets.items() if name in fresh and rng.random() < 0.4}
    return Side(specs, definitions, {**fresh, **kept})


def _another(rng: random.Random, specs: Specs, address: str) -> None:
    """An instance follows its integration's release, and a few of its values change."""
    spec = specs[address]
    spec["release"] = specs[f"Integration/{spec['integration']}"]["release"]
    if rng.random() < 0.5:
        spec["config"]["Channel"] = rng.choice(["#new", "#orders"])
    if rng.random() < 0.3:
        spec["enabled"] = not spec.get("enabled", False)
    if rng.random() < 0.3:
        spec["name"] = f"{spec['name']} again"
    if rng.random() < 0.3:
        spec["flows"] = _flows(address.rpartition("/")[2])


def _rules(rng: random.Random) -> dict[str, str]:
    return {
        name: rng.choice(drawn(name) or [rule.default]) for name, rule in RULES.items() if rng.random() < 0.5
    }


def _dump(path: Path, kind: str, name: str, spec: Mapping[str, Any]) -> None:
    document = {"apiVersion": "reconciler/v1", "kind": kind, "metadata": {"name": name}, "spec": dict(spec)}
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
