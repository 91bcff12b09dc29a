"""A whole world of a seed: two commits, the tenant's rules, and what its people do before and between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reconciler.sandbox.rules import RULES
from tests.golden_worlds.chance import Chance
from tests.golden_worlds.core import VARIABLES, add_customer, add_instance, add_integration, add_set
from tests.golden_worlds.others import AFTER, BEFORE, LATER, add_customer_connections, add_others
from tests.golden_worlds.people import Deed, before, between
from tests.golden_worlds.project import Git, Manifest
from tests.worlds import LEFT_OUT

SECRETS = ("KEY", "SHOP", "FLOW", "COMPANY", "HOOK", "URL", "SIGN", "CRM_ACME", "CRM_BIRCH", "CRM_CEDAR")


@dataclass(frozen=True)
class World:
    """Two commits of one project, a tenant, its people, and the options of the second apply."""

    seed: int
    rules: dict[str, str]
    first: Git
    later: Git
    before: list[Deed]
    between: list[Deed]
    options: list[str]


def world(seed: int) -> World:
    chance = Chance(seed)
    first = _first(chance)
    later = _later(chance, first)
    options = chance.some(["--prune", "--allow-deletes", "--allow-updates"], 0.6)
    options += chance.some(["--overwrite-drafts", "--send-secrets"], 0.3)
    if chance.yes(0.15):
        options += ["--select", chance.one(["Instance/*", "Customer/*", "Integration/alpha", "tier=gold"])]
    if chance.yes(0.15):
        options += ["--exclude", chance.one(["Instance/*", "Customer/acme", "Integration/alpha"])]
    rules, here, meanwhile = _rules(chance), before(chance, first), between(chance, first)
    options += chance.some(["--delete-strangers"], 0.3)
    options += chance.some(["--no-deps"]) if "--select" in options else []
    return World(seed, rules, first, later, here, meanwhile, options)


def _first(chance: Chance) -> Git:
    git = Git(_settings(chance), secrets=_secrets(chance, {}))
    add_others(chance, git, BEFORE, 0.18)
    for name in ["acme", "birch", "cedar"][: chance.upto(3, 1)]:
        add_customer(chance, git, name)
    add_customer_connections(chance, git)
    for name in ["alpha", "beta"][: chance.upto(2, 1)]:
        add_integration(chance, git, name)
    for name in chance.some(["sync", "notify"], 0.6):
        customer, integration = chance.one(git.named("Customer")), chance.one(git.released)
        add_instance(chance, git, name, customer, integration)
    if chance.yes(0.25):
        add_set(chance, git, "fleet", chance.one(git.released))
    add_others(chance, git, AFTER, 0.25)
    return git


def _settings(chance: Chance) -> dict[str, Any]:
    # Ids follow from the order of creation, which is the same on a machine that is slow.
    sandbox: dict[str, Any] = {"variables": {"region": "eu"}, "batch": 1}
    sandbox |= chance.part({"secretKey": {"env": "GOLDEN_KEY"}})
    if chance.yes(0.1):
        sandbox["applied"] = "none"
    guards = {"delete": "20%", "update": "50%", "minimum": 2}
    policy = {"guards": guards} if chance.yes(0.2) else {}
    return {"environments": {"sandbox": sandbox}, "policy": policy}


def _secrets(chance: Chance, kept: dict[str, str]) -> dict[str, str]:
    fresh = {f"GOLDEN_{name}": f"canary-{chance.upto(999999):06d}-{name.lower()}" for name in SECRETS}
    url = {"GOLDEN_URL": f"https://example.com/alerts/{chance.upto(999999):06d}"}
    return {**fresh, **url, **kept}


def _rules(chance: Chance) -> dict[str, str]:
    return {
        name: chance.one([value for value in rule.values if value not in LEFT_OUT.get(name, set())])
        for name, rule in RULES.items()
        if chance.yes(0.4)
    }


def _later(chance: Chance, first: Git) -> Git:
    git = first.copy()
    kept = dict(git.secrets) if chance.yes(0.7) else {"GOLDEN_KEY": git.secrets["GOLDEN_KEY"]}
    git.secrets = _secrets(chance, kept)
    for manifest in list(git.manifests.values()):
        _change(chance, git, manifest)
    if chance.yes(0.4):
        _rename(chance, git)
    if chance.yes(0.6):
        _remove(chance, git)
    if git.released and chance.yes(0.3):
        add_customer(chance, git, "dune")
        add_instance(chance, git, "fresh", "dune", git.released[0])
    return git


def _change(chance: Chance, git: Git, manifest: Manifest) -> None:
    """Perhaps other values in the fields of a manifest."""
    spec = manifest.spec
    if not chance.yes():
        return
    if manifest.kind == "Integration":
        git.definitions[manifest.name]["flows"][0]["description"] = chance.one(["Changed", "sandbox:fail"])
        spec |= {"release": "2.0.0"} if "release" in spec else {}
        if "available" in spec:
            spec["available"] = chance.yes()
        spec |= chance.part({"category": "ERP", "labels": ["gamma"], "description": "Renewed"}, 0.3)
    elif manifest.kind == "Customer":
        spec |= chance.part({"description": "Renewed", "labels": ["new"], "name": f"{spec['name']} Inc"})
    elif manifest.kind in ("Instance", "InstanceSet"):
        body = spec.get("template", spec)
        for key in body.get("config", {}):
            if key in VARIABLES and chance.yes():
                body["config"][key] = chance.one(VARIABLES[key][1])
        body |= chance.part({"enabled": chance.yes(), "description": "Renewed"}, 0.3)
        if body.get("release") not in (None, "latest") and chance.yes(0.8):
            body["release"] = git.spec("Integration", body["integration"])["release"]
    else:
        spec |= {name: value for name, value in LATER.get(manifest.kind, {}).items() if name in spec}


def _rename(chance: Chance, git: Git) -> None:
    """One instance gets another name, and says what it was called."""
    if git.of("Instance") and not git.of("AlertMonitor"):
        old = chance.one(git.of("Instance"))
        del git.manifests[old.key]
        git.add(Manifest("Instance", f"{old.name}-two", old.spec, {**old.metadata, "was": [old.name]}))


def _remove(chance: Chance, git: Git) -> None:
    """One manifest goes, and with it all that could not be without it."""
    gone = chance.one(list(git.manifests.values()))
    del git.manifests[gone.key]
    fields = {"Customer": "customer", "Integration": "integration", "Connection": "connection"}
    for other in list(git.manifests.values()):
        body = other.spec.get("template", other.spec)
        refers = body.get(fields.get(gone.kind, "")) == gone.name
        refers |= gone.kind == "Customer" and gone.name in other.spec.get("customers", {}).get("names", [])
        refers |= gone.kind in ("User", "AlertWebhook", "AlertGroup") and other.kind.startswith("Alert")
        if refers or (other.kind == "AlertMonitor" and gone.kind in (*fields, "Instance")):
            git.manifests.pop(other.key)
    for other in git.of("Instance"):
        bound = other.spec.get("config", {}).get("CRM", {}).get("customerConnection")
        if bound and not git.has("CustomerConnection", bound):
            del other.spec["config"]["CRM"]
