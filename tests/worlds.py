"""Generated worlds: what manifests ask for, what a tenant already holds, and the rules it obeys."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from msgspec import structs

from reconciler.definition import Definition
from reconciler.kinds import all_kinds
from reconciler.model.address import Address
from reconciler.model.digest import sha256
from reconciler.model.secret import Secret
from reconciler.model.state import Desired, Resource
from reconciler.sandbox.definition import dump
from reconciler.sandbox.rules import RULES
from tests.definitions import action, trigger
from tests.worlds_tabled import KINDS as TABLED
from tests.worlds_tabled import changed_tabled, tabled

PROJECT = "worlds"

# Rules under which a tenant refuses what the manifests ask for have tests of their own.
LEFT_OUT = {
    "unknown_definition_keys": {"error"},
    "rate_limit": {"retry_after", "silent"},
    "unavailable_version": {"refused"},
}

WORDS = ["orders", "invoices", "contacts", "leads", "stock"]


def rules() -> st.SearchStrategy[dict[str, str]]:
    """Any combination of the rules that leaves the manifests satisfiable."""
    return st.fixed_dictionaries({}, optional={name: st.sampled_from(drawn(name)) for name in RULES})


def drawn(name: str) -> list[str]:
    """The values of a rule that worlds are drawn under."""
    left_out = LEFT_OUT.get(name, set())
    return [value for value in RULES[name].values if value not in left_out]


@st.composite
def definitions(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """A small definition: one or two flows, a string, a picklist and a connection as config variables."""
    flows = []
    for index in range(draw(st.integers(1, 2))):
        steps: list[dict[str, Any]] = [trigger()]
        for word in draw(st.lists(st.sampled_from(WORDS), unique=True, max_size=2)):
            steps.append(
                {
                    "name": f"Get {word}",
                    "description": draw(st.sampled_from(["", "Reads them."])),
                    "action": action("httpGet", "http"),
                    "inputs": {
                        "url": {"type": "value", "value": f"https://example.com/{word}"},
                    },
                }
            )
        flows.append(
            {"name": f"Flow {index}", "description": "", "isSynchronous": draw(st.booleans()), "steps": steps}
        )
    variables: list[dict[str, Any]] = [
        {
            "key": "Channel",
            "dataType": "string",
            "defaultValue": draw(st.sampled_from(["all", "general"])),
            "orgOnly": False,
        }
    ]
    if draw(st.booleans()):
        variables.append(
            {"key": "Mode", "dataType": "picklist", "pickList": ["fast", "slow"], "defaultValue": "fast"}
        )
    return {
        "definitionVersion": 7,
        "name": f"{name} (definition)",
        "description": draw(st.sampled_from(["", "From the definition"])),
        "flows": flows,
        "configPages": [
            {"name": "Page", "elements": [{"type": "configVar", "value": v["key"]} for v in variables]}
        ],
        "requiredConfigVars": variables,
    }


def definition(data: dict[str, Any]) -> Definition:
    """The data as a manifest's definition."""
    return Definition(dump(data), data, "generated.yml")


@st.composite
def integrations(draw: st.DrawFn, name: str) -> Resource:
    """An Integration with a definition, and perhaps a release."""
    data = draw(definitions(name))
    fields: dict[str, Any] = {
        "name": name.title(),
        "description": draw(st.sampled_from(["", "Posts orders"])),
        "category": draw(st.sampled_from(["", "CRM"])),
        "definition": definition(data),
        "release": draw(st.sampled_from(["1.0.0", "1.1.0"])),
    }
    if draw(st.booleans()):
        fields["labels"] = draw(st.lists(st.sampled_from(["orders", "beta"]), unique=True))
    if draw(st.booleans()):
        fields["comment"] = "As reviewed."
    return Resource(Address("Integration", name), fields, protect=draw(st.booleans()))


@st.composite
def customers(draw: st.DrawFn, name: str) -> Resource:
    """A Customer, mentioning some of its fields."""
    fields: dict[str, Any] = {"name": name.title()}
    if draw(st.booleans()):
        fields["externalId"] = f"ext-{name}"
    if draw(st.booleans()):
        fields["description"] = draw(st.sampled_from(["", "A customer"]))
    if draw(st.booleans()):
        fields["labels"] = draw(st.lists(st.sampled_from(["Gold", "eu"]), unique=True))
    return Resource(Address("Customer", name), fields, protect=draw(st.booleans()))


@st.composite
def instances(draw: st.DrawFn, name: str, customer: Resource, integration: Resource) -> Resource:
    """An Instance of one of the integrations, for one of the customers."""
    data = integration.fields["definition"].tree
    config: dict[str, Any] = {}
    if draw(st.booleans()):
        config["Channel"] = draw(st.sampled_from(["#orders", "#all", "1", "true"]))
    if len(data["requiredConfigVars"]) > 1 and draw(st.booleans()):
        config["Mode"] = draw(st.sampled_from(["fast", "slow"]))
    fields: dict[str, Any] = {
        "customer": customer.address,
        "integration": integration.address,
        "release": integration.fields["release"],
        "name": f"{name} for {customer.address.name}",
    }
    if draw(st.booleans()):
        fields["description"] = draw(st.sampled_from(["", "Notices"]))
    if draw(st.booleans()):
        fields["enabled"] = draw(st.booleans())
    if config:
        fields["config"] = config
    if draw(st.booleans()):
        fields["flows"] = {"Flow 0": {"apiKeys": [Secret("k-1", "env KEY")]}}
    return Resource(
        Address("Instance", f"{customer.address.name}/{name}"), fields, protect=draw(st.booleans())
    )


@dataclass(frozen=True)
class World:
    """What is wanted first, what is wanted later, and the tenant's rules."""

    first: Desired
    later: Desired
    rules: dict[str, str] = field(default_factory=dict)


def desired(resources: list[Resource], project: str = PROJECT) -> Desired:
    """The resources as a project's."""
    order = {name: index for index, name in enumerate(all_kinds())}
    resources = sorted(resources, key=lambda r: (order[r.kind], r.address))
    by_address = {r.address: r for r in resources}
    forms = [[str(r.address), {k: v for k, v in r.fields.items() if k != "definition"}] for r in resources]
    return Desired(project, "sandbox", by_address, f"sha256:{sha256(forms)}")


@st.composite
def wanted(draw: st.DrawFn) -> Desired:
    """A small project: up to two integrations, two customers, three instances, and sometimes more."""
    found = [
        draw(integrations(n))
        for n in draw(st.lists(st.sampled_from(["alpha", "beta"]), unique=True, max_size=2))
    ]
    people = [
        draw(customers(n))
        for n in draw(st.lists(st.sampled_from(["acme", "birch"]), unique=True, max_size=2))
    ]
    copies: dict[Address, Resource] = {}
    if found and people:
        for name in draw(st.lists(st.sampled_from(["sync", "notify"]), unique=True, max_size=2)):
            made = draw(instances(name, draw(st.sampled_from(people)), draw(st.sampled_from(found))))
            copies[made.address] = made
    core = [*found, *people, *copies.values()]
    return desired([*core, *draw(tabled(core))])


@st.composite
def changed(draw: st.DrawFn, before: Desired) -> Desired:
    """The project after a few commits: other values, a new release, a resource that is gone or new."""
    resources: dict[Address, Resource] = dict(before.resources)
    for address, resource in before.resources.items():
        if not draw(st.booleans()):
            continue
        fields = dict(resource.fields)
        if resource.kind == "Integration":
            data = copy.deepcopy(dict(fields["definition"].tree))
            data["flows"][0]["description"] = draw(st.sampled_from(["", "Changed", "Changed again"]))
            fields |= {"definition": definition(data), "release": draw(st.sampled_from(["1.1.0", "2.0.0"]))}
        elif resource.kind == "Customer":
            fields["description"] = draw(st.sampled_from(["", "Renewed"]))
        elif resource.kind in TABLED:
            fields = draw(changed_tabled(resource, list(resources.values()))).fields
        else:
            fields["config"] = {
                **fields.get("config", {}),
                "Channel": draw(st.sampled_from(["#new", "#orders"])),
            }
            fields["enabled"] = draw(st.booleans())
        resources[address] = structs.replace(resource, fields=fields)
    for address, resource in resources.items():
        if "integration" in resource.fields:
            release = resources[resource.fields["integration"]].fields["release"]
            resources[address] = structs.replace(resource, fields={**resource.fields, "release": release})
    return desired(list(resources.values()))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A whole world."""
    first = draw(wanted())
    return World(first, draw(changed(first)), draw(rules()))
