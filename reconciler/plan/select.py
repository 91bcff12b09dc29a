"""What `--select` and `--exclude` name: patterns of addresses, and labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from msgspec import Struct

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.state import Resource


class Selection(Struct, frozen=True):
    """What a run is about. Without `needed`, what a selected resource cannot do without stays out, too.
    `among` are the addresses that may be selected at all; None: any.
    """

    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    needed: bool = True
    among: frozenset[Address] | None = None

    @property
    def is_part(self) -> bool:
        """Whether the run is about a part of the project that was named."""
        return bool(self.select) or self.among is not None

    @property
    def is_all(self) -> bool:
        """Whether all is asked for."""
        return not self.is_part and not self.exclude

    def about(self, resource: Resource) -> bool:
        """Whether a resource is among what was asked for. What is excluded never is."""
        if self.is_all:
            return True
        return not self.bars(resource) and any(self._asks(a, resource.labels) for a in _addresses(resource))

    def bars(self, resource: Resource) -> bool:
        """Whether nothing of a resource may be written, whatever needs it."""
        return bool(self.exclude) and any(self._keeps_out(a, resource.labels) for a in _addresses(resource))

    def about_orphan(self, address: Address) -> bool:
        """Likewise for what is owned and in no manifest, and so has no labels in git."""
        return not self.bars_orphan(address) and self._asks(address, {})

    def bars_orphan(self, address: Address) -> bool:
        """Likewise."""
        return self._keeps_out(address, {})

    def _asks(self, address: Address, labels: Mapping[str, str]) -> bool:
        if self.among is not None and address not in self.among:
            return False
        return not self.select or any(fits(address, labels, p) for p in self.select)

    def _keeps_out(self, address: Address, labels: Mapping[str, str]) -> bool:
        return any(fits(address, labels, p) for p in self.exclude)


def _addresses(resource: Resource) -> list[Address]:
    """Its own, and that of the resource that it is a part of."""
    return [resource.address, *([resource.part_of] if resource.part_of else [])]


def fits(address: Address, labels: Mapping[str, str], pattern: str) -> bool:
    """Whether a pattern names a resource: an address, with `*`, or `label=value`."""
    key, equals, value = pattern.partition("=")
    if equals and "/" not in key:
        return labels.get(key) == value
    return fnmatchcase(str(address), pattern)


def idle(
    selection: Selection, resources: Mapping[Address, Resource], orphans: Iterable[Address]
) -> list[Diagnostic]:
    """A warning for each pattern that names neither a resource nor what is owned and in no manifest: without
    it, a slip in a name would look like a tenant that matches, or like a resource that is safe.
    """
    labels: dict[Address, Mapping[str, str]] = {address: {} for address in orphans}
    labels |= {address: resource.labels for address, resource in resources.items()}
    patterns = (
        *(("selects-nothing", "selects", p) for p in selection.select),
        *(("excludes-nothing", "excludes", p) for p in selection.exclude),
    )
    return [
        Diagnostic(
            code,
            f'"{pattern}" {does} nothing',
            hint="write an address, such as Customer/acme, with * if wished, or label=value",
            severity="warning",
        )
        for code, does, pattern in patterns
        if not any(fits(address, found, pattern) for address, found in labels.items())
    ]
