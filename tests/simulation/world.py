"""The history of a project in git, drawn from a seed: its commits, and what lay in the tenant before."""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.torture import world as base
from tests.torture.world import Side, Specs

CORE = ("Integration", "Customer", "Instance")
PEOPLE = ("acme", "birch", "cedar", "dover")
_WAVES = (
    [{"percent": 50}, {"percent": 100}],
    [{"percent": 100}],
    [{"percent": 26}, {"percent": 60}, {"percent": 100}],
    [{"percent": 34}, {"percent": 100}],
)
INSTANCES = ("sync", "notify", "watch", "relay")
TIER = {"tier": "gold"}
RENAMED = "-n"
"""What is added to a name when it changes; definitions are marked with the first one."""


@dataclass(frozen=True)
class Commit(Side):
    """What git says at one commit. `specs` hold the instances of sets as if each stood alone; `metadata` is
    what a manifest says beside its spec; `was` leads from an address to the one of the commit before.
    """

    sets: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    metadata: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    was: Mapping[str, str] = field(default_factory=dict)

    @property
    def written(self) -> dict[str, dict[str, Any]]:
        """The manifests: the instances of sets are not among them."""
        of_sets = {f"/{name}" for name in self.sets}
        alone = {
            address: spec
            for address, spec in self.specs.items()
            if not (address.startswith("Instance/") and any(address.endswith(one) for one in of_sets))
        }
        return {**alone, **{f"InstanceSet/{name}": spec for name, spec in self.sets.items()}}


def rules(rng: random.Random) -> dict[str, str]:
    """The rules of a tenant; often those that nobody asked about."""
    return base._rules(rng) if rng.random() < 0.7 else {}


def history(rng: random.Random, seed: int, theme: str = "") -> tuple[Commit, ...]:
    """One to five commits; where they have a theme, two or three."""
    commits = [_first(rng, seed, fleet=theme == "fleet")]
    weights = [0, 3, 1, 0, 0] if theme else [4, 6, 3, 1, 1]
    for number in range(2, 1 + rng.choices([1, 2, 3, 4, 5], weights)[0]):
        commits.append(_next(rng, seed, commits[-1], number))
    return tuple(commits)


def _first(rng: random.Random, seed: int, *, fleet: bool = False) -> Commit:
    names = ["alpha", "beta"][: rng.choice([1, 1, 2])]
    specs: Specs = {f"Integration/{name}": base._integration(rng, name) for name in names}
    for name in PEOPLE[: rng.choice([3, 4] if fleet else [1, 1, 2])]:
        specs[f"Customer/{name}"] = base._customer(rng, name)
    for name in INSTANCES[: rng.choice([0, 1, 1, 2])]:
        customer = rng.choice(_of(specs, "Customer"))
        integration = rng.choice(names)
        specs[f"Instance/{customer}/{name}"] = base._instance(rng, name, customer, integration, specs)
    for kind in ("InstanceProfile", "EventWebhook", "AlertWebhook"):
        if rng.random() < 0.15:
            specs[f"{kind}/{kind.lower()}"] = _tabled(rng, kind)
    sets = {"fleet": _set(rng, rng.choice(names), specs)} if fleet or rng.random() < 0.2 else {}
    definitions = {name: base._definition(seed, name, "1.0.0") for name in names}
    metadata = {f"Customer/{name}": {"labels": dict(TIER)} for name in _of(specs, "Customer")}
    return _whole(rng, seed, specs, definitions, sets, metadata, {}, {}, 1)


def _next(rng: random.Random, seed: int, before: Commit, number: int) -> Commit:
    specs, definitions = copy.deepcopy(before.specs), dict(before.definitions)
    metadata = {a: {"labels": dict(TIER)} for a in specs if a.startswith("Customer/")}
    sets, was = copy.deepcopy(dict(before.sets)), {}
    for address in [a for a in specs if a.startswith("Instance/") and a.rpartition("/")[2] in sets]:
        del specs[address]  # they come from the set again
    for name in _of(specs, "Integration"):
        _release(rng, seed, specs, definitions, name, number)
    for name in _of(specs, "Customer"):
        if rng.random() < 0.4:
            specs[f"Customer/{name}"]["description"] = f"Renewed {number}"
    for address in sorted(a for a in specs if a.startswith("Instance/")):
        base._another(rng, specs, address)
    for address in sorted(a for a in specs if a.partition("/")[0] not in CORE):
        kind = address.partition("/")[0]
        if rng.random() < 0.3:
            specs[address] = _tabled(rng, kind)
        elif rng.random() < 0.2:
            del specs[address]
    for one in sets.values():
        one["template"]["config"] = {**one["template"]["config"], "Channel": f"#fleet-{number}"}
    _come_and_go(rng, specs, metadata, was)
    return _whole(rng, seed, specs, definitions, sets, metadata, was, before.secrets, number)


def _release(
    rng: random.Random, seed: int, specs: Specs, definitions: dict[str, Any], name: str, number: int
) -> None:
    spec = specs[f"Integration/{name}"]
    if rng.random() < 0.5:
        spec |= {"release": f"{number}.0.0", "description": f"Renewed {number}"}
        definitions[name] = base._definition(seed, name, f"{number}.0.0")
    elif "labels" in spec and rng.random() < 0.5:
        spec["labels"] = ["orders", "gamma"]


def _come_and_go(
    rng: random.Random, specs: Specs, metadata: dict[str, dict[str, Any]], was: dict[str, str]
) -> None:
    """An instance leaves, another comes, with its customer perhaps, and another gets a new name in git."""
    mine = sorted(a for a in specs if a.startswith("Instance/"))
    # A name that leaves in this commit cannot come back in it: that would be another instance by its name.
    # One that has another name in git keeps its display name, which is the only one of its customer's.
    taken = {one.rpartition("/")[2].removesuffix("-b") for one in mine}
    free = [name for name in INSTANCES if name not in taken]
    before = set(mine)
    if len(mine) > 1 and rng.random() < 0.3:
        del specs[mine.pop(rng.randrange(len(mine)))]
    if free and rng.random() < 0.3:
        customer = rng.choice([*_of(specs, "Customer"), "cedar"])
        if f"Customer/{customer}" not in specs:
            specs[f"Customer/{customer}"] = base._customer(rng, customer)
            metadata[f"Customer/{customer}"] = {"labels": dict(TIER)}
        integration = rng.choice(_of(specs, "Integration"))
        made = base._instance(rng, free[0], customer, integration, specs)
        specs[f"Instance/{customer}/{free[0]}"] = made
    if mine and rng.random() < 0.25:
        old = rng.choice(mine)
        new = f"{old}-b" if not old.endswith("-b") else old.removesuffix("-b")
        if new not in {*specs, *before}:
            specs[new] = specs.pop(old)
            metadata[new] = {"was": [old.rpartition("/")[2]]}
            was[new] = old


def _set(rng: random.Random, integration: str, specs: Specs) -> dict[str, Any]:
    template = {
        "integration": integration,
        "release": "latest",
        "name": "Fleet for ${customer.name}",
        "enabled": True,
        "config": {
            "Channel": "#fleet",
            "Shop": {"inputs": {"apiKey": {"secret": {"env": base._variable("fleet", "SHOP")}}}},
        },
    }
    waves = rng.choice(_WAVES[2:] if len(_of(specs, "Customer")) > 2 else _WAVES[:2])
    strategy = {"strategy": {"waves": waves, "maxFailures": rng.choice([0, 1])}}
    return {"customers": {"labels": dict(TIER)}, "template": template, **strategy}


def without_object(side: Commit, address: str) -> Commit:
    """A commit without a resource, and without the instances that need it."""
    kind, _, name = address.partition("/")
    if kind == "InstanceSet":
        gone = {a for a in side.specs if a.startswith("Instance/") and a.rpartition("/")[2] == name}
    else:
        gone = {address} | {
            a
            for a, spec in side.specs.items()
            if a.startswith("Instance/") and spec.get(kind.lower()) == name
        }
    sets = {
        key: one
        for key, one in side.sets.items()
        if address not in (f"InstanceSet/{key}", f"Integration/{one['template']['integration']}")
    }
    return replace(
        side,
        specs={a: spec for a, spec in side.specs.items() if a not in gone},
        definitions={n: d for n, d in side.definitions.items() if address != f"Integration/{n}"},
        sets=sets,
        metadata={a: one for a, one in side.metadata.items() if a not in gone},
        was={new: old for new, old in side.was.items() if new not in gone},
    )


def renamed(side: Commit, address: str, *, now: bool) -> Commit:
    """The commit with a customer or an integration under another name in git; `now` is the commit in which it
    got that.
    """
    kind, _, name = address.partition("/")
    new = f"{name}{RENAMED}"

    def called(one: str) -> str:
        inside = kind == "Customer" and one.startswith(f"Instance/{name}/")
        return (
            f"Instance/{new}/{one.rpartition('/')[2]}"
            if inside
            else f"{kind}/{new}"
            if one == address
            else one
        )

    def said(spec: dict[str, Any]) -> dict[str, Any]:
        return {**spec, kind.lower(): new} if spec.get(kind.lower()) == name else spec

    specs = {called(one): said(spec) for one, spec in side.specs.items()}
    definitions = dict(side.definitions)
    if kind == "Integration":
        definitions[new] = definitions.pop(name)
        specs[f"{kind}/{new}"] = {**specs[f"{kind}/{new}"], "definition": f"../definitions/{new}.yml"}
    metadata = {called(one): told for one, told in side.metadata.items()}
    metadata[f"{kind}/{new}"] = {**metadata.get(f"{kind}/{new}", {}), "was": [name]}
    was = {called(one): old if now else called(old) for one, old in side.was.items()}
    if now:
        was |= {called(one): one for one in side.specs if called(one) != one and called(one) not in was}
    sets = {key: {**one, "template": said(one["template"])} for key, one in side.sets.items()}
    return replace(side, specs=specs, definitions=definitions, metadata=metadata, was=was, sets=sets)


def grouped(side: Commit) -> Commit:
    """The commit with kinds that bear no marks: a group that is told of alerts by a webhook."""
    webhook = {"name": "Ops", "url": "https://example.com/alerts", "payloadTemplate": "{}"}
    known = {"AlertWebhook/alertwebhook": webhook, **side.specs}
    return replace(
        side, specs={**known, "AlertGroup/oncall": {"name": "On call", "webhooks": ["alertwebhook"]}}
    )


def _expanded(sets: Mapping[str, dict[str, Any]], specs: Specs) -> Specs:
    found: Specs = {}
    for name, one in sets.items():
        for customer in _of(specs, "Customer"):
            spec = copy.deepcopy(one["template"])
            spec["name"] = spec["name"].replace("${customer.name}", specs[f"Customer/{customer}"]["name"])
            found[f"Instance/{customer}/{name}"] = {"customer": customer, **spec}
    return found


def _tabled(rng: random.Random, kind: str) -> dict[str, Any]:
    drawn: dict[str, dict[str, Any]] = {
        "InstanceProfile": {"name": "Large", "allocatedMemoryMb": rng.choice([512, 2048, 4096])},
        "EventWebhook": {
            "name": "Events",
            "url": "https://example.com/events",
            "eventTypes": rng.choice([["user.created"], ["user.deleted", "instance.deployed"]]),
        },
        "AlertWebhook": {
            "name": "Ops",
            "url": "https://example.com/alerts",
            "payloadTemplate": rng.choice(["{}", '{"text": "failed"}']),
        },
    }
    return drawn[kind]


def _whole(
    rng: random.Random,
    seed: int,
    specs: Specs,
    definitions: Mapping[str, dict[str, Any]],
    sets: Mapping[str, dict[str, Any]],
    metadata: Mapping[str, dict[str, Any]],
    was: Mapping[str, str],
    secrets: Mapping[str, str],
    number: int,
) -> Commit:
    specs = {**specs, **_expanded(sets, specs)}
    fresh = {
        name: f"canary/{seed}+commit{number} {rng.getrandbits(64):016x}=é"
        for name in sorted(variables_in(specs))
    }
    kept = {name: value for name, value in secrets.items() if name in fresh and rng.random() < 0.6}
    return Commit(specs, definitions, {**fresh, **kept}, sets, metadata, was)


def variables_in(value: Any) -> set[str]:
    """The environment variables from which secrets are read."""
    if isinstance(value, dict) and set(value) == {"secret"}:
        return {value["secret"]["env"]}
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {name for part in parts for name in variables_in(part)}


def _of(specs: Specs, kind: str) -> list[str]:
    return sorted(a.partition("/")[2] for a in specs if a.startswith(f"{kind}/"))
