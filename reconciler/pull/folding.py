"""Folds instances into sets while a tenant is pulled."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.manifests.manifest import Manifest
from reconciler.model.address import Address
from reconciler.plan.match import Matched
from reconciler.pull.fold import CUSTOMER, SET, Customers, Folded, Naming, fold
from reconciler.pull.known import Kept
from reconciler.pull.objects import Told
from reconciler.pull.sets import Exactness


def growing(sets: Mapping[str, Manifest], told: Sequence[Told], environment: str) -> Iterator[Kept]:
    """The sets of an environment that are for every customer, and so for those that are new."""
    names = sorted(one.address.name for one in told if one.address.kind == CUSTOMER)
    for name, manifest in sorted(sets.items() if names else ()):
        is_here = manifest.environments is None or environment in manifest.environments
        if is_here and manifest.spec["customers"] in ({"all": True}, {"labels": {}}):
            why = f"it is for every customer, and so for {', '.join(names)} now: see reconciler plan"
            yield Kept(Address(SET, name), "customers", why)


@dataclass(slots=True)
class Folding:
    """The names that instances get so that they can be sets, and the sets."""

    matched: Matched
    sets: Collection[str]
    """The names of the sets that there are."""
    _naming: Naming = field(init=False)

    def __post_init__(self) -> None:
        desired = self.matched.desired
        self._naming = Naming(desired.project, desired.resources, self.sets)

    def names(self, told: Sequence[Told]) -> Mapping[Address, Address]:
        """The instances that are called otherwise."""
        return self._naming(told)

    def customers(self, told: Sequence[Told]) -> Customers:
        """The customers of the environment once these are written."""
        return Customers.of(told, self.matched.desired.resources)

    def folded(self, told: Sequence[Told]) -> Folded:
        """The sets of what is written, and what stood in the way of others."""
        customers = self.customers(told)
        exact = Exactness(self.matched.desired.environment, customers)
        return fold(told, customers, self._naming.is_free, exact)
