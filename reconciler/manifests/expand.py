"""InstanceSets: which customers get an instance, and in which waves their instances are changed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.manifests.manifest import Manifest
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.hints import suggest
from reconciler.model.plan import Rollout


def matching(
    manifest: Manifest, customers: Mapping[str, Manifest], elsewhere: Mapping[str, Manifest]
) -> tuple[list[Manifest], list[Diagnostic]]:
    """The customers of this environment that the set chooses, by name. `elsewhere` holds those of other
    environments, which a set may name: it is for whoever is there.
    """
    chosen: Mapping[str, Any] = manifest.spec["customers"]
    address = f"InstanceSet/{manifest.name}"
    problems: list[Diagnostic] = []
    if "names" not in chosen:
        found = [c for c in customers.values() if chooses(manifest, c)]
        if not found:
            source = manifest.document.source(("spec", "customers"))
            message = f'set "{manifest.name}" matches no customer'
            hint = "the labels are those of metadata.labels of Customers, all of which must fit"
            hint = "add a Customer manifest" if "all" in chosen else hint
            problems.append(Diagnostic("empty-set", message, source, address, hint, "warning"))
        return sorted(found, key=lambda c: c.name), problems
    found = []
    for index, name in enumerate(chosen["names"]):
        if name in customers:
            found.append(customers[name])
        elif name not in elsewhere:
            source = manifest.document.source(("spec", "customers", "names", index))
            message = f'set "{manifest.name}" names customer "{name}", which no manifest declares'
            hint = suggest(name, customers.keys(), "add a Customer manifest")
            problems.append(Diagnostic("unknown-reference", message, source, address, hint))
    return sorted({c.name: c for c in found}.values(), key=lambda c: c.name), problems


def chooses(manifest: Manifest, customer: Manifest) -> bool:
    """Whether the set is for this customer, in whatever environment it is."""
    chosen: Mapping[str, Any] = manifest.spec["customers"]
    if "names" in chosen:
        return customer.name in chosen["names"]
    wanted: Mapping[str, str] = chosen.get("labels", {})
    return not wanted or wanted.items() <= customer.labels.items()


def check_waves(manifest: Manifest) -> list[Diagnostic]:
    """What is wrong with the set's waves: shares must rise, and the last wave should leave nobody out."""
    waves = manifest.spec.get("strategy", {}).get("waves", [])
    address = f"InstanceSet/{manifest.name}"
    problems: list[Diagnostic] = []
    highest = 0
    for index, wave in enumerate(waves):
        percent = wave.get("percent")
        if percent is None:
            continue
        if percent <= highest:
            source = manifest.document.source(("spec", "strategy", "waves", index, "percent"))
            message = f"wave {index + 1} ends at {percent} percent, but an earlier one at {highest}"
            hint = "percent is the share of all instances that is done at the end of the wave: let it rise"
            problems.append(Diagnostic("bad-waves", message, source, address, hint))
        highest = max(highest, percent)
    if waves and waves[-1].get("percent") != 100:
        source = manifest.document.source(("spec", "strategy", "waves", len(waves) - 1))
        message = f'the waves of set "{manifest.name}" may leave instances out'
        hint = "these come in a wave of their own at the end; add {percent: 100} to say so"
        problems.append(Diagnostic("bad-waves", message, source, address, hint, "warning"))
    return problems


def rollout(manifest: Manifest, members: Sequence[tuple[Address, Mapping[str, str]]]) -> Rollout | None:
    """The waves of the set, for its `members` (addresses with their labels); None without waves."""
    spec: Mapping[str, Any] = manifest.spec.get("strategy", {})
    if not spec.get("waves"):
        return None
    left = dict(sorted(members))
    total = len(left)
    waves: list[tuple[Address, ...]] = []
    for wave in spec["waves"]:
        if "labels" in wave:
            taken = [a for a, labels in left.items() if wave["labels"].items() <= labels.items()]
        else:
            done = total - len(left)
            taken = list(left)[: max(0, math.ceil(total * wave["percent"] / 100) - done)]
        waves.append(tuple(taken))
        for address in taken:
            del left[address]
    waves.append(tuple(left))
    return Rollout(manifest.name, tuple(wave for wave in waves if wave), spec.get("maxFailures", 0))
