"""What people do in the tenant past git: what was there before us, and what changes between two applies."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.sandbox import Sandbox
from tests.golden_worlds.chance import Chance
from tests.golden_worlds.project import Git, Manifest, dumped

LISTS: Mapping[str, tuple[str, str]] = {
    "Integration": ("integrations", "name"),
    "Customer": ("customers(isSystem: false)", "name"),
    "Instance": ("instances(isSystem: false)", "name"),
    "InstanceProfile": ("instanceProfiles", "name"),
    "Connection": ("scopedConfigVariables", "key"),
    "CustomerConnection": ("customerConfigVariables", "id"),
    "AlertWebhook": ("alertWebhooks", "name"),
    "AlertGroup": ("alertGroups", "name"),
    "AlertMonitor": ("alertMonitors", "name"),
    "EventWebhook": ("webhookEndpoints", "name"),
    "LogStream": ("externalLogStreams", "name"),
    "User": ("users", "email"),
    "MarketplaceListing": ("integrations", "name"),
}
"""Where a kind's objects are listed, and the field that a person knows them by."""


@dataclass(frozen=True)
class Deed:
    """One mutation: on the first object of a kind with this name, or on none, where something is created."""

    mutation: str
    values: Mapping[str, Any] = field(default_factory=dict)
    kind: str = ""
    name: str = ""

    def do(self, sandbox: Sandbox) -> str:
        """Sends it; what was sent and what came of it, in a line."""
        target = {} if not self.kind else {"id": self._target(sandbox)}
        values = {**target, **self.values}
        if "integrationId" in values:
            values = {**self.values, "integrationId": target["id"]}
        kind = f"{self.mutation[0].upper()}{self.mutation[1:]}Input!"
        asked = f"{self.mutation}(input: $input) {{ errors {{ field messages }} }}"
        query = f"mutation ($input: {kind}) {{ {asked} }}"
        _, answer, _ = sandbox.execute(query, {"input": values})
        payload = (answer.get("data") or {}).get(self.mutation) or {}
        problems = answer.get("errors") or payload.get("errors") or "done"
        about = f"{self.kind} {self.name}: " if self.kind else ""
        return f"{about}{self.mutation} {json.dumps(dict(self.values))}: {json.dumps(problems)}"

    def _target(self, sandbox: Sandbox) -> str | None:
        listing, key = LISTS[self.kind]
        _, answer, _ = sandbox.execute(f"{{ {listing} {{ nodes {{ id {key} }} }} }}")
        nodes = answer["data"][listing.partition("(")[0]]["nodes"]
        return next((one["id"] for one in nodes if self.name in ("", one[key])), None)


def before(chance: Chance, git: Git) -> list[Deed]:
    """A stranger's customer; sometimes one of our names, which is to be taken over, or stops the plan."""
    people, profiles = git.of("Customer"), git.of("InstanceProfile")
    deeds = [Deed("createCustomer", {"name": "Stranger", "labels": ["theirs"], "description": "x"})]
    if chance.yes(0.2):
        keys = {key: people[0].spec[key] for key in ("name", "externalId") if key in people[0].spec}
        deeds.append(Deed("createCustomer", {**keys, "description": "Was here before", "labels": ["old"]}))
    if chance.yes(0.04):
        name = git.of("Integration")[0].spec.get("name", "alpha (definition)")
        deeds.append(Deed("createIntegration", {"name": name, "description": "Somebody's"}))
    if profiles and "stableKey" not in profiles[0].spec:
        deeds.append(Deed("createInstanceProfile", {"name": "Large", "description": "Theirs"}))
    return deeds


def between(chance: Chance, git: Git) -> list[Deed]:
    """Up to four changes to what was applied."""
    possible = [deed for manifest in git.manifests.values() for deed in _of(git, manifest)]
    deeds = [chance.one(possible) for _ in range(chance.upto(4))]
    return [*deeds, Deed("createCustomer", {"name": "Newcomer"})] if chance.yes(0.2) else deeds


def _of(git: Git, manifest: Manifest) -> Sequence[Deed]:
    """What people may do to the object of a manifest."""
    kind, spec = manifest.kind, manifest.spec
    if kind == "Integration":
        return _to_integration(git, manifest)
    if kind == "MarketplaceListing":
        name = _shown(git, git.manifests[f"Integration/{spec['integration']}"])
        return [Deed("updateIntegrationMarketplaceConfiguration", {"overview": "Changed"}, kind, name)]
    name = {"User": "Ada@example.com", "CustomerConnection": ""}.get(kind, spec.get("name", ""))
    return [Deed(mutation, values, kind, name) for mutation, values in DEEDS.get(kind, ())]


def _to_integration(git: Git, manifest: Manifest) -> list[Deed]:
    name, body = _shown(git, manifest), dict(git.definitions[manifest.name])
    body["flows"] = [{**body["flows"][0], "description": "By hand"}, *body["flows"][1:]]
    text = dumped(body)
    return [
        Deed("updateIntegration", {"category": "Changed"}, "Integration", name),
        Deed("updateIntegration", {"labels": ["theirs"]}, "Integration", name),
        Deed("importIntegration", {"definition": text, "integrationId": ""}, "Integration", name),
        Deed("publishIntegration", {"comment": "By hand"}, "Integration", name),
        Deed("deleteIntegration", {}, "Integration", name),
    ]


def _shown(git: Git, manifest: Manifest) -> str:
    return str(manifest.spec.get("name", git.definitions[manifest.name]["name"]))


DEEDS: Mapping[str, Sequence[tuple[str, dict[str, Any]]]] = {
    "Customer": (
        ("updateCustomer", {"description": "Changed"}),
        ("updateCustomer", {"name": "Another name"}),
        ("updateCustomer", {"labels": []}),
        ("updateCustomer", {"labels": ["theirs"]}),
        ("deleteCustomer", {}),
    ),
    "Instance": (
        ("updateInstance", {"description": "Changed"}),
        ("updateInstance", {"name": "Another name"}),
        ("updateInstance", {"enabled": False}),
        ("updateInstance", {"labels": []}),
        ("updateInstanceConfigVariables", {"configVariables": [{"key": "Channel", "value": "#hand"}]}),
        ("updateInstanceConfigVariables", {"configVariables": [{"key": "Mode", "value": "slow"}]}),
        ("deployInstance", {}),
        ("deleteInstance", {}),
    ),
    "InstanceProfile": (
        ("updateInstanceProfile", {"allocatedMemoryMb": 512}),
        ("deleteInstanceProfile", {}),
    ),
    "Connection": (("updateScopedConfigVariable", {"key": "Renamed"}),),
    "CustomerConnection": (("updateCustomerConfigVariable", {"inputs": []}),),
    "AlertWebhook": (
        ("updateAlertWebhook", {"payloadTemplate": "changed"}),
        ("updateAlertWebhook", {"headers": "{}"}),
        ("deleteAlertWebhook", {}),
    ),
    "AlertGroup": (("updateAlertGroup", {"users": []}), ("updateAlertGroup", {"name": "Renamed"})),
    "AlertMonitor": (("updateAlertMonitor", {"groups": []}),),
    "EventWebhook": (("updateWebhookEndpoint", {"eventTypes": ["user.deleted"]}),),
    "LogStream": (("updateExternalLogStream", {"severityLevels": [{"id": 5, "name": "FATAL"}]}),),
    "User": (("updateUser", {"name": "Changed"}),),
}
