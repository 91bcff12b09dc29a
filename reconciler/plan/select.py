"""Which resources a run is about: what was selected, and what that needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from reconciler.kinds import all_kinds
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.state import Resource


def fits(address: Address, labels: Mapping[str, str], pattern: str) -> bool:
    """Whether a pattern names a resource: an address, with `*`, or `label=value`."""
    key, equals, value = pattern.partition("=")
    if equals and "/" not in key:
        return labels.get(key) == value
    return fnmatchcase(str(address), pattern)


def idle(
    patterns: Iterable[str], resources: Mapping[Address, Resource], orphans: Iterable[Address]
) -> list[Diagnostic]:
    """A warning for each pattern that names neither a resource nor what is owned and in no manifest: without
    it, a slip in a name would look like a tenant that matches.
    """
    labels: dict[Address, Mapping[str, str]] = {address: {} for address in orphans}
    labels |= {address: resource.labels for address, resource in resources.items()}
    return [
        Diagnostic(
            "selects-nothing",
            f'"{pattern}" selects nothing',
            hint="write an address, such as Customer/acme, with * if wished, or label=value",
        )
        for pattern in patterns
        if not any(fits(address, found, pattern) for address, found in labels.items())
    ]


def selected(
    resources: Mapping[Address, Resource], select: Iterable[str], exclude: Iterable[str]
) -> dict[Address, Resource]:
    """The resources that `select` names (all, where it names none) and `exclude` does not, with all that
    they need, in the order of `resources`.
    """
    wanted, unwanted = list(select), list(exclude)
    chosen = {
        address
        for address, resource in resources.items()
        if (not wanted or any(fits(address, resource.labels, p) for p in wanted))
        and not any(fits(address, resource.labels, p) for p in unwanted)
    }
    waiting = list(chosen)
    while waiting:
        resource = resources[waiting.pop()]
        for ref in all_kinds()[resource.kind].needs(resource):
            if ref.address in resources and ref.address not in chosen:
                chosen.add(ref.address)
                waiting.append(ref.address)
    return {address: resource for address, resource in resources.items() if address in chosen}
