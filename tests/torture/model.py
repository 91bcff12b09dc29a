"""What a tenant must hold in the end, worked out from the manifests alone, and what of it is not so.

It shares nothing with the product but the words of the contract: it reads the tenant by queries of its own.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.torture.tenant import Record, Tenant
from tests.torture.world import PROJECT, Side, marker

_CUSTOMERS = """query ($at: Int) { customers(isSystem: false, first: 100, offset: $at) { nodes {
  id name description externalId labels } } }"""
_INTEGRATIONS = """{ integrations(first: 100) { nodes {
  id name description category labels metadata definition
  versionSequence(first: 100) { nodes {
    id versionNumber versionIsAvailable versionComment versionAttributes definition } } } } }"""
_INSTANCES = """{ instances(isSystem: false, first: 100) { nodes {
  id name description enabled labels needsDeploy deployedVersion lastDeployedAt
  customer { id name } integration { id versionNumber }
  configVariables(first: 100) { nodes {
    value requiredConfigVariable { key } inputs { nodes { name value } } } }
  flowConfigs(first: 100) { nodes { apiKeys flow { name } } } } } }"""


@dataclass
class Findings:
    """What is wrong, by the promise that was broken."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    """What two runs at once may do without a lease, since the platform offers nothing against it."""

    def all(self) -> list[str]:
        """Everything but what is known, each with its promise."""
        return [f"{name}: {text}" for name, texts in vars(self).items() for text in texts if name != "known"]

    def __iadd__(self, other: Findings) -> Findings:
        for name, texts in vars(other).items():
            getattr(self, name).extend(texts)
        return self


def check(
    tenant: Tenant,
    side: Side,
    releases: dict[str, set[str]],
    seed: int,
    *,
    rivals: bool = False,
    people: bool = False,
    unmarked: Mapping[str, str] | None = None,
    once: Mapping[str, str] | None = None,
) -> Findings:
    """The tenant against what git says; `releases` are those that each integration published so far. With
    `rivals` two runs were there at once, without a lease: they may have published one release twice. What
    `people` saved and did not deploy may wait for their deploy. `unmarked` are the ids of objects that were
    there before: where they are as git says, nobody needs to mark them. `once` are the first names of
    integrations that were renamed in git.
    """
    with tenant.alone():
        # What the model asks is no run's: it sees all, and is not counted.
        asked = {"secrets_read_back": "clear", "query_cost": "none"}
        before = {rule: tenant.rules[rule] for rule in asked}
        for rule, value in asked.items():
            tenant.set_rule(rule, value)
        try:
            model = _Model(tenant, side, releases, seed, rivals, people, unmarked or {}, once or {})
        finally:
            for rule, value in before.items():
                tenant.set_rule(rule, value)
        return model.check()


class _Model:
    def __init__(
        self,
        tenant: Tenant,
        side: Side,
        releases: dict[str, set[str]],
        seed: int,
        rivals: bool,
        people: bool,
        unmarked: Mapping[str, str],
        once: Mapping[str, str],
    ) -> None:
        self._once = once
        self._unmarked = unmarked
        self._people = people
        self._side, self._releases, self._seed = side, releases, seed
        self._foreign, self._rows = tenant.foreign, tenant.rows()
        self._customers = _every(tenant, _CUSTOMERS, "customers")
        self._integrations = tenant.ask(_INTEGRATIONS)["integrations"]["nodes"]
        self._instances = tenant.ask(_INSTANCES)["instances"]["nodes"]
        self._found = Findings()
        self._ours: set[str] = set()
        self._twice = self._found.known if rivals else self._found.doubled

    def check(self) -> Findings:
        """All promises."""
        for name, spec in self._side.of("Customer").items():
            self._customer(name, spec)
        for name, spec in self._side.of("Integration").items():
            self._integration(name, spec)
        for address, spec in self._side.of("Instance").items():
            self._instance(address, spec)
        self._nothing_else()
        self._found.foreign += differences(self._foreign, self._rows)
        return self._found

    def _one(self, address: str, nodes: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
        kind, name = address.partition("/")[0], address.rpartition("/")[2]
        label = f"reconciler:{PROJECT}/{kind}/{name}".lower()
        marked = [node for node in nodes if label in (node["labels"] or ())]
        if not marked and address in self._unmarked:
            marked = [node for node in nodes if _same_id(node["id"], self._unmarked[address])]
        if not marked:
            self._found.lost.append(f"{address} is not there")
            return None
        if len(marked) > 1:
            self._found.doubled.append(f"{address}: {[node['id'] for node in marked]}")
        self._ours |= {node["id"] for node in marked}
        return marked[0]

    def _same(self, address: str, what: str, wanted: Any, found: Any) -> None:
        if wanted != found:
            self._found.lost.append(f"{address}: {what} is {found!r}, not {wanted!r}")

    def _plain(self, address: str, spec: dict[str, Any], node: dict[str, Any], names: Iterable[str]) -> None:
        for name in names:
            if name in spec:
                self._same(address, name, spec[name] or "", node[name] or "")
        if "labels" in spec:
            ours = {label for label in node["labels"] or () if label.startswith("reconciler")}
            self._same(
                address, "labels", {x.lower() for x in spec["labels"]}, set(node["labels"] or ()) - ours
            )

    def _customer(self, name: str, spec: dict[str, Any]) -> None:
        node = self._one(f"Customer/{name}", self._customers)
        if node is not None:
            self._plain(f"Customer/{name}", spec, node, ("name", "description", "externalId"))
        if sum(other["name"] == spec["name"] for other in self._customers) > 1:
            self._found.doubled.append(f"the name of Customer/{name}")

    def _integration(self, name: str, spec: dict[str, Any]) -> None:
        address = f"Integration/{name}"
        node = self._one(address, self._integrations)
        if node is None:
            return
        self._plain(address, spec, node, ("name", "description", "category"))
        versions = list(_versions(node))
        if len(versions) > len(self._releases[name]):
            numbers = [v["versionNumber"] for v in versions]
            self._twice.append(f"versions of {address}: {numbers} for {self._releases[name]}")
        for release in self._releases[name]:
            # Where a tenant drops what a release is called, what it was made from tells.
            mine = self._marker(name, release)
            bearing = [v for v in versions if release in (_names_of(v, node) or _if(mine, v, release))]
            if not bearing:
                self._found.lost.append(f"{address}: release {release} is not published")
            if len(bearing) > 1:
                self._twice.append(f"{address}: {len(bearing)} versions bear release {release}")
            # Of a release that two runs published at once all go by one version; the other is of no use.
            if bearing and release == spec["release"]:
                chosen = any(version["versionIsAvailable"] for version in bearing)
                self._same(address, "versionIsAvailable", True, chosen)
            for version in bearing:
                self._marked(address, f"release {release}", version["definition"], name, release)
                if release == spec["release"] and "comment" in spec:
                    said = version["versionComment"].partition("\n\nReconciler-")[0]
                    self._same(address, "comment", spec["comment"], said)

    def _marker(self, name: str, release: str) -> str:
        return marker(self._seed, self._once.get(name, name), release)

    def _marked(self, address: str, what: str, text: str, name: str, release: str) -> None:
        if self._marker(name, release) not in (text or ""):
            self._found.lost.append(f"{address}: the definition of {what} is not that of {release}")

    def _instance(self, address: str, spec: dict[str, Any]) -> None:
        customer = self._side.specs[f"Customer/{spec['customer']}"]["name"]
        candidates = [node for node in self._instances if node["customer"]["name"] == customer]
        node, shown = self._one(f"Instance/{address}", candidates), f"Instance/{address}"
        if node is None:
            return
        self._plain(shown, spec, node, ("name", "description"))
        if "enabled" in spec:
            self._same(shown, "enabled", spec["enabled"], node["enabled"])
        for what, wanted in (
            ("needsDeploy", node["needsDeploy"] if self._people else False),
            ("deployedVersion", node["integration"]["versionNumber"]),
        ):
            self._same(shown, what, wanted, node[what])
        wanted = self._side.specs[f"Integration/{spec['integration']}"]["release"]
        version = self._version_of(node["integration"]["id"], spec["integration"], wanted)
        self._same(shown, "release", wanted, version)
        self._config(shown, spec, node)

    def _config(self, shown: str, spec: dict[str, Any], node: dict[str, Any]) -> None:
        live = {v["requiredConfigVariable"]["key"]: v for v in node["configVariables"]["nodes"]}
        for key, value in spec["config"].items():
            if isinstance(value, dict):
                inputs = {row["name"]: row["value"] for row in live[key]["inputs"]["nodes"]}
                for name, secret in value["inputs"].items():
                    self._same(shown, f"{key}.{name}", self._reveal(secret), inputs.get(name))
            else:
                self._same(shown, key, value, live[key]["value"])
        keys = {row["flow"]["name"]: row["apiKeys"] for row in node["flowConfigs"]["nodes"]}
        for flow, settings in spec.get("flows", {}).items():
            self._same(
                shown, f"{flow}.apiKeys", [self._reveal(k) for k in settings["apiKeys"]], keys.get(flow)
            )

    def _reveal(self, source: dict[str, Any]) -> str:
        return self._side.secrets[source["secret"]["env"]]

    def _version_of(self, version: str, name: str, release: str) -> str | None:
        for node in self._integrations:
            for one in _versions(node):
                if one["id"] == version and self._marker(name, release) in one["definition"]:
                    return release
        return None

    def _nothing_else(self) -> None:
        foreign = {identifier for _, identifier in self._foreign}
        for kind, nodes in (
            ("customer", self._customers),
            ("integration", self._integrations),
            ("instance", self._instances),
        ):
            for node in nodes:
                known = node["id"] in self._ours or any(_same_id(node["id"], one) for one in foreign)
                if not known and not node["name"].startswith("Somebody's customer "):
                    self._found.doubled.append(f"nobody's {kind}: {node['name']} {node['labels']}")


def _every(tenant: Tenant, query: str, root: str) -> list[dict[str, Any]]:
    """The nodes of all pages of a list."""
    found: list[dict[str, Any]] = []
    while page := tenant.ask(query, {"at": len(found)})[root]["nodes"]:
        found += page
        if len(page) < 100:
            break
    return found


def differences(before: Record, after: Record) -> list[str]:
    """What is not as it was of the recorded rows."""
    found = []
    for key, row in before.items():
        now = after.get(key)
        if now is None:
            found.append(f"{key[0]} {row['name']} is gone")
        elif now != row:
            changed = {column: (row[column], now[column]) for column in row if row[column] != now[column]}
            found.append(f"{key[0]} {row['name']}: {changed}")
    return found


def _versions(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for version in node["versionSequence"]["nodes"]:
        if version and version["id"] != node["id"]:
            yield version


def _names_of(version: dict[str, Any], node: dict[str, Any]) -> set[str]:
    """The releases that a version bears: in its attributes, else as the draft's metadata names it."""
    own = _part(version["versionAttributes"]).get("release")
    aliases = _part(node["metadata"]).get("releases") or {}
    return {own} if own else {name for name, identifier in aliases.items() if identifier == version["id"]}


def _if(mine: str, version: dict[str, Any], release: str) -> set[str]:
    return {release} if mine in (version["definition"] or "") else set()


def _part(text: Any) -> dict[str, Any]:
    value = json.loads(text) if isinstance(text, str) and text else text or {}
    return dict(value.get("reconciler") or {})


def _same_id(shown: str, row: str) -> bool:
    """The API shows ids in a form of its own."""
    return shown == row or base64.b64decode(shown + "==", validate=False).decode("utf-8", "replace").endswith(
        row
    )
