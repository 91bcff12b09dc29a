"""The kinds of resources, in the order of their dependencies: a new one is a module here and a line below."""

from functools import cache

from reconciler.kinds.base import Kind
from reconciler.kinds.customer import CustomerKind
from reconciler.kinds.instance import InstanceKind
from reconciler.kinds.integration import IntegrationKind


@cache
def all_kinds() -> dict[str, Kind]:
    """The kinds by name, each after those that it refers to."""
    kinds: tuple[Kind, ...] = (IntegrationKind(), CustomerKind(), InstanceKind())
    return {kind.name: kind for kind in kinds}
