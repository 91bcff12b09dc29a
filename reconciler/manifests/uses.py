"""What definitions name beside their own parts: connections and profiles of the tenant, and components."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct, structs

from reconciler.definition import Definition
from reconciler.kinds.component import reference
from reconciler.model.address import Address
from reconciler.model.state import Resource

_NAMED = ("Connection", "InstanceProfile", "Component")
_CONCERNED = frozenset({"Integration", *_NAMED})


def with_uses(resources: Mapping[Address, Resource]) -> dict[Address, Resource]:
    """The resources, of which the integrations now name what their definitions use and manifests declare:
    it must be there before they are imported.
    """
    concerned = {a: r for a, r in resources.items() if a.kind in _CONCERNED}
    declared = _Declared.among(concerned.values())
    found = dict(resources)
    for address, resource in concerned.items():
        definition = resource.fields.get("definition")
        uses = declared.used_by(definition) if isinstance(definition, Definition) else ()
        if uses:
            found[address] = structs.replace(resource, fields={**resource.fields, "uses": uses})
    return found


class _Declared(Struct, frozen=True):
    """The resources that a definition may name, by what it calls them."""

    connections: Mapping[str, Address]
    profiles: Mapping[str, Address]
    components: Mapping[str, Address]

    @classmethod
    def among(cls, resources: Iterable[Resource]) -> _Declared:
        found: dict[str, dict[str, Address]] = {kind: {} for kind in _NAMED}
        for resource in resources:
            fields = resource.fields
            if resource.kind == "Connection":
                name = fields["stableKey"]
            elif resource.kind == "InstanceProfile":
                name = fields["name"]
            elif resource.kind == "Component":
                name = reference(fields["key"], fields.get("isPublic", True))
            else:
                continue
            found[resource.kind][name] = resource.address
        return cls(found["Connection"], found["InstanceProfile"], found["Component"])

    def used_by(self, definition: Definition) -> tuple[Address, ...]:
        """Those that this definition names, each once."""
        return tuple(dict.fromkeys(self._all(definition)))

    def _all(self, definition: Definition) -> Iterator[Address]:
        if definition.instance_profile in self.profiles:
            yield self.profiles[definition.instance_profile]
        if self.connections:
            shared = definition.shared_connections
            yield from (self.connections[key] for key in shared if key in self.connections)
        if self.components:
            named = (reference(one.key, one.is_public) for one in definition.components)
            yield from (self.components[name] for name in named if name in self.components)
