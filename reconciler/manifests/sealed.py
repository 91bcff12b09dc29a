"""Secrets that are read for those resources alone that a run is about."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field

from msgspec.structs import replace

from reconciler.definition import Definition
from reconciler.manifests import secrets
from reconciler.manifests.barred import barred, visible, withheld
from reconciler.manifests.dump import dump
from reconciler.manifests.project import Project
from reconciler.manifests.secrets import SecretSource
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.nested import with_leaves
from reconciler.model.secret import Sealed, Secret, Unread
from reconciler.model.state import Desired, Resource


@dataclass(frozen=True, slots=True, repr=False)
class Placed(Sealed):
    """A secret that is still to be read, and where it is read from."""

    origin: SecretSource | None = None


@dataclass(slots=True)
class SecretReader:
    """Reads each secret once, however many instances use it."""

    project: Project
    environ: Mapping[str, str] = field(repr=False)
    _known: dict[tuple[str, str | tuple[str, ...]], Secret | Diagnostic] = field(default_factory=dict)

    def read(self, source: SecretSource) -> Secret | Diagnostic:
        """The secret; where it cannot be read, why, at the place of `source`."""
        key = (source.kind, source.value)
        if key not in self._known:
            self._known[key] = barred(source, self.project) or self._resolved(source)
        result = self._known[key]
        return replace(result, source=source.source) if isinstance(result, Diagnostic) else result

    def _resolved(self, source: SecretSource) -> Secret | Diagnostic:
        environ = self.environ
        if source.kind == "command":
            environ = visible(environ, withheld(self.project, environ))
        return secrets.resolve(source, environ, self.project.root, self.project.allowed)


def unsealed(
    desired: Desired, reader: SecretReader, addresses: Container[Address]
) -> tuple[Desired, list[Diagnostic]]:
    """What is asked for, with the secrets of these resources read, and what went wrong with them. A secret
    that cannot be read stays sealed.
    """
    problems: list[Diagnostic] = []
    found = [address for address in desired.sealed if address in addresses]
    opened = {address: _opened(desired.resources[address], reader, problems) for address in found}
    return replace(desired, resources={**desired.resources, **opened}) if opened else desired, problems


def unread(desired: Desired) -> Desired:
    """What is asked for, in a run that reads no secret."""
    untold = {address: _with(desired.resources[address], _untold) for address in desired.sealed}
    return replace(desired, resources={**desired.resources, **untold})


def _untold(leaf: object) -> object:
    return Unread("", leaf.source) if isinstance(leaf, Sealed) else leaf


def _opened(resource: Resource, reader: SecretReader, problems: list[Diagnostic]) -> Resource:
    def opened(leaf: object) -> object:
        if not isinstance(leaf, Placed) or leaf.origin is None:
            return leaf
        found = reader.read(leaf.origin)
        if isinstance(found, Secret):
            return found
        problems.append(replace(found, address=str(resource.address)))
        return leaf

    return _with(resource, opened)


def _with(resource: Resource, opened: Callable[[object], object]) -> Resource:
    fields = {name: with_leaves(value, opened) for name, value in resource.fields.items()}
    if isinstance(definition := fields.get("definition"), Definition):
        given = {n: one for n, one in _given(fields).items() if isinstance(one, Secret)}
        fields["definition"] = definition.with_secrets(given, dump)
    return replace(resource, fields=fields)


def _given(fields: Mapping[str, object]) -> Mapping[str, object]:
    """What a manifest gives to its definition."""
    given = fields.get("definitionSecrets")
    return given if isinstance(given, Mapping) else {}
