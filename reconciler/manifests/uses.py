"""What definitions name beside their own parts: connections and profiles of the tenant, and components."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from reconciler.kinds.component import reference
from reconciler.model.address import Address
from reconciler.model.state import Definition, Resource


def with_uses(resources: Mapping[Address, Resource]) -> dict[Address, Resource]:
    """The resources, of which the integrations now name what their definitions use and manifests declare:
    it must be there before they are imported.
    """
    declared = _Declared.among(resources.values())
    found = dict(resources)
    for address, resource in resources.items():
        definition = resource.fields.get("definition")
        uses = declared.used_by(definition.data) if isinstance(definition, Definition) else ()
        if uses:
            found[address] = replace(resource, fields={**resource.fields, "uses": uses})
    return found


@dataclass(frozen=True, slots=True)
class _Declared:
    """The resources that a definition may name, by what it calls them."""

    connections: Mapping[str, Address]
    profiles: Mapping[str, Address]
    components: Mapping[str, Address]

    @classmethod
    def among(cls, resources: Iterable[Resource]) -> _Declared:
        kinds = ("Connection", "InstanceProfile", "Component")
        found: dict[str, dict[str, Address]] = {kind: {} for kind in kinds}
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

    def used_by(self, definition: Mapping[str, Any]) -> tuple[Address, ...]:
        """Those that this definition names, each once."""
        return tuple(dict.fromkeys(self._all(definition)))

    def _all(self, definition: Mapping[str, Any]) -> Iterator[Address]:
        profile = str(definition.get("defaultInstanceProfile"))
        if profile in self.profiles:
            yield self.profiles[profile]
        for variable in _maps(definition.get("requiredConfigVars")) if self.connections else ():
            key = variable.get("useScopedConfigVar")
            if isinstance(key, str) and key in self.connections:
                yield self.connections[key]
        for named in _components(definition) if self.components else ():
            name = reference(str(named.get("key")), bool(named.get("isPublic")))
            if name in self.components:
                yield self.components[name]


def _maps(value: Any) -> Iterator[Mapping[str, Any]]:
    yield from (one for one in value if isinstance(one, Mapping)) if isinstance(value, list) else ()


def _components(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every `component: {key, isPublic}`, wherever it stands: in steps, triggers and config variables."""
    if isinstance(value, Mapping):
        named = value.get("component")
        if isinstance(named, Mapping):
            yield named
        for inner in value.values():
            yield from _components(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _components(inner)
