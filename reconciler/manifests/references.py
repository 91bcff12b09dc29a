"""Names that stand for other manifests: what they lead to, and why they lead nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from reconciler.kinds import all_kinds
from reconciler.kinds.capabilities import LookedUp
from reconciler.manifests.manifest import Manifest, near_name
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic, Source
from reconciler.model.state import Resource

_SEARCHED = 100
_WORD = re.compile(r"(?<!^)(?=[A-Z])")


class Index(Struct):
    """The manifests of one kind by name: those of this environment, and those that count only elsewhere."""

    kind: str
    here: dict[str, Manifest]
    elsewhere: dict[str, Manifest]
    near: dict[str, str] = {}
    """What was found for names that lead nowhere."""

    @classmethod
    def of(cls, kind: str, manifests: Iterable[Manifest], environment: str) -> tuple[Index, list[Diagnostic]]:
        """The index of `kind`. Two manifests for one name in one environment are an error."""
        index = cls(kind, {}, {})
        problems: list[Diagnostic] = []
        for manifest in manifests:
            if manifest.kind != kind or not manifest.name:
                continue
            if manifest.environments is not None and environment not in manifest.environments:
                index.elsewhere.setdefault(manifest.name, manifest)
            elif manifest.name in index.here:
                problems.append(
                    twice(f"{kind}/{manifest.name}", manifest.source, index.here[manifest.name].source)
                )
            else:
                index.here[manifest.name] = manifest
        return index, problems

    def problem(self, name: str, source: Source, environment: str, address: str) -> Diagnostic | None:
        """Why a reference to `name`, which stands at `source`, leads nowhere; None where it does not."""
        if name in self.here:
            return None
        what = _WORD.sub(r" \g<0>", self.kind).lower()
        if name in self.elsewhere:
            other = self.elsewhere[name]
            where = ", ".join(other.environments or ())
            message = f'{what} "{name}" is not in environment "{environment}", only in {where or "none"}'
            hint = f'add "{environment}" to metadata.environments at {other.source}, or limit this one too'
            return Diagnostic("reference-elsewhere", message, source, address, hint)
        message = f'{what} "{name}" is in no manifest'
        hint = self._near(name) or f"add a manifest of kind {self.kind} with metadata.name: {name}"
        return Diagnostic("unknown-reference", message, source, address, hint)

    def _near(self, name: str) -> str:
        """A hint for a wrong name. The search takes a while, and thousands of wrong names are no slips."""
        if name not in self.near and len(self.near) < _SEARCHED:
            self.near[name] = near_name(name, self.here)
        return self.near.get(name, "")


class Referrer(Struct, frozen=True):
    """Finds what names in manifests stand for, once all that may be named has been built."""

    resources: Mapping[Address, Resource]
    indexes: Mapping[str, Index]
    environment: str
    looked_up: dict[tuple[str, str], Address] = {}
    """What manifests declare under the names by which others may also find what nobody declares."""

    def declare(self, resource: Resource) -> None:
        """Lets others name the resource so, too: a user by the address of email."""
        kind = all_kinds()[resource.kind]
        name = resource.fields.get(kind.lookup) if isinstance(kind, LookedUp) else None
        if isinstance(kind, LookedUp) and name is not None:
            self.looked_up[resource.kind, kind.lookup_form(str(name))] = resource.address

    def __call__(self, kind: str, name: str, source: Source, address: str) -> Address | Diagnostic | None:
        """The address that `name` stands for, or why it stands for none; None where that was told already,
        with the other manifest's own errors.
        """
        found = Address(kind, name)
        if found in self.resources:
            return found
        if isinstance(known := all_kinds()[kind], LookedUp):
            name = known.lookup_form(name)
            return self.looked_up.get((kind, name), Address(kind, name))
        index = self.indexes.get(kind) or Index(kind, {}, {})
        if kind == "Instance":
            near = near_name(name, {a.name: None for a in self.resources if a.kind == kind})
            hint = near or "write CUSTOMER/NAME, as in the instance's address"
            message = f'instance "{name}" is in no manifest'
            return Diagnostic("unknown-reference", message, source, address, hint)
        return index.problem(name, source, self.environment, address)


def twice(address: str, source: Source, other: Source, what: str = "") -> Diagnostic:
    """Two manifests stand for one address."""
    return Diagnostic(
        "duplicate-address",
        f"{address} is declared twice{what}",
        source,
        address,
        f"the other is at {other}: remove one, or give them different names",
    )


def ambiguities(resources: Mapping[Address, Resource]) -> Iterator[Diagnostic]:
    """Resources that the server, or this program after a renaming, could not tell apart."""
    yield from _alike(resources, "Customer", "externalId", "error")
    yield from _alike(resources, "Integration", "name", "warning")
    yield from _alike(resources, "Instance", "name", "warning")
    yield from _earlier_names(resources)


def _alike(
    resources: Mapping[Address, Resource], kind: str, field: str, severity: str
) -> Iterator[Diagnostic]:
    first: dict[tuple[object, object], Resource] = {}
    for resource in [one for address, one in resources.items() if address.kind == kind]:
        value = resource.fields.get(field)
        if not value:
            continue
        # Instances need to differ only within their customer.
        key = (resource.fields.get("customer"), value)
        other = first.setdefault(key, resource)
        if other is not resource:
            yield Diagnostic(
                f"duplicate-{'external-id' if field == 'externalId' else 'name'}",
                f'{resource.address} and {other.address} have the same {field} "{value}"',
                resource.positions.get(f"spec.{field}", resource.source),
                str(resource.address),
                f"the other is at {other.positions.get(f'spec.{field}', other.source)}: change one",
                severity,
            )


def _earlier_names(resources: Mapping[Address, Resource]) -> Iterator[Diagnostic]:
    claimed: dict[Address, Resource] = {}
    for resource in resources.values():
        if not resource.was:
            continue
        prefix = resource.address.name[: -len(resource.address.leaf)]
        for name in resource.was:
            earlier = Address(resource.kind, prefix + name)
            other = resources.get(earlier) or claimed.get(earlier)
            claimed.setdefault(earlier, resource)
            if other is not None and other is not resource:
                verb = "is" if other.address == earlier else "was"
                message = f'{resource.address} was "{name}", but so {verb} {other.address}'
                hint = f"the other is at {other.source}: remove the name from one of them"
                source = resource.positions.get("metadata.was", resource.source)
                yield Diagnostic("bad-was", message, source, str(resource.address), hint)
