"""Bundle: the package of a code-native integration, published under a key of ours before the import.

Nothing is ever deleted or overwritten: each publish makes a version, and an integration names the version
whose package it wants. What a version is, its signature tells: the SHA-1 of the package (api notes:
"Components"). A publish whose package did not arrive leaves a version that never shows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reconciler.kinds.capabilities import Paged, Readiness, Uploads
from reconciler.kinds.integration import metadata as record
from reconciler.kinds.integration.source import PREFIX
from reconciler.kinds.integration.versions import older, with_older
from reconciler.kinds.protocol import Request, Step, Steps, address_of
from reconciler.kinds.table.labels import denied
from reconciler.kinds.table.plain import PlainKind
from reconciler.model.address import Resolve
from reconciler.model.digest import sha256
from reconciler.model.errors import ApiError
from reconciler.model.operation import Operation, Upload
from reconciler.model.plan import Cause, Change, Verb
from reconciler.model.state import Bundle, LiveObject, Resource


@dataclass(frozen=True, slots=True)
class Package:
    """One version. `recorded` is the signature that our publish noted; empty where it was not ours."""

    number: int
    signature: str
    available: bool
    recorded: str = ""

    def has(self, signature: str) -> bool:
        """Whether the package of this signature arrived; where the server signs otherwise, our note tells."""
        return signature == self.signature or (self.available and signature == self.recorded)


class BundleKind(PlainKind, Paged, Readiness, Uploads):
    """The calls of `Bundle`, whose only field is what was packed. No manifest declares one by itself."""

    name = "Bundle"
    list_name = "components"
    provides: tuple[Verb, ...] = (Verb.PUBLISH,)
    has_twins = False
    stands_alone = False

    @property
    def marked(self) -> bool:
        """The key is derived from the integration's address, so it is the mark."""
        return False

    def list_page(self, first: int, offset: int) -> Operation:
        """Only keys of our making: the official tool leaves a component behind with each import."""
        variables = {"first": first, "offset": offset, "prefix": PREFIX}
        return Operation(self.list_name, self._documents[self.list_name], variables)

    def get(self, object_id: str) -> Operation:
        """The component of a key, since the ids are those of versions."""
        return Operation(self.list_name, self._documents["component"], {"key": object_id})

    def find(self, request: Request) -> Operation:
        """The component of the resource's key."""
        return self.get(request.resource.fields["key"])

    def is_own(self, live: LiveObject, request: Request) -> bool:
        """Whether it has the resource's key."""
        return bool(live.id == request.resource.fields["key"])

    def queries(self, live: LiveObject) -> int:
        """One for each hundred versions."""
        return 1 + max(0, len(live.facts["packages"]) - 1) // 100

    def next_part(self, node: Mapping[str, Any]) -> Operation | None:
        """Older versions."""
        return older(node, "component", self._documents["packages"])

    def with_part(self, node: Mapping[str, Any], part: Mapping[str, Any]) -> Mapping[str, Any]:
        """The node with further versions; a page that brings nothing ends the list."""
        return with_older(node, part)

    def parse(self, node: Mapping[str, Any]) -> LiveObject:
        """The component with its versions, the newest first."""
        rows = (node.get("versionSequence") or {}).get("nodes") or ()
        packages = tuple(
            Package(
                row["versionNumber"],
                row.get("signature") or "",
                bool(row.get("versionIsAvailable")),
                str(record.ours(row.get("versionAttributes")).get("signature") or ""),
            )
            for row in rows
            if row
        )
        fields = {"key": node["key"], "name": node.get("label") or node["key"]}
        return LiveObject(self.name, node["key"], fields, facts={"packages": packages}, denied=denied(node))

    def natural_key(self, resource: Resource, resolve: Resolve) -> Sequence[tuple[str, Any]]:
        """The key, which only our own publish gives."""
        return [("key", resource.fields["key"])]

    def adoptable(self, key: str) -> bool:
        """There is nobody to take it over from."""
        return True

    def value(self, live: LiveObject, name: str) -> Any:
        """`id`; `version:SIGNATURE`, the number of the version with that package; `signature:NUMBER`."""
        packages: Sequence[Package] = live.facts["packages"]
        if name.startswith("version:"):
            found = _arrived(packages, name.removeprefix("version:"))
            return found.number if found and found.available else None
        if name.startswith("signature:"):
            number = name.removeprefix("signature:")
            return next((p.signature for p in packages if str(p.number) == number), None)
        return super().value(live, name)

    def promises(self, resource: Resource, name: str) -> bool:
        """The version that holds the manifest's bundle."""
        return name in ("id", f"version:{resource.fields['bundle'].signature}")

    def steps(self, request: Request, *, adopt: bool) -> Steps:
        """One publish, unless some version holds the bundle already."""
        bundle, live = _bundle(request), request.live
        packages: Sequence[Package] = live.facts["packages"] if live else ()
        if not packages:
            change = Change("bundle", None, bundle.signature, Cause.PENDING)
            return Steps((Step(Verb.PUBLISH, "the bundle is not published", (change,), reads=2),))
        newest, known = packages[0], _arrived(packages, bundle.signature)
        why = _cause(packages)
        change = Change("bundle", newest.signature, bundle.signature, why)
        if known is None:
            step = Step(Verb.PUBLISH, "the bundle is not what was published", (change,), reads=2)
            return Steps((step,), (change,))
        if not known.available:
            reason = f"the bundle (version {known.number}) is still being processed"
            return Steps((Step(Verb.PUBLISH, reason, reads=2, writes=0),))
        # Someone's newer version does no harm, as the integration names its own; it is told all the same.
        return Steps((), (change,) if why is Cause.DRIFT and newest is not known else ())

    def operation(self, step: str, verb: Verb, request: Request) -> Operation:
        """The publish, which only describes the package; `uploads` sends it."""
        bundle = _bundle(request)
        part = {
            "project": request.project,
            "address": address_of(request.resource),
            "signature": bundle.signature,
        }
        attributes = json.dumps({**request.attributes, record.KEY: part}, sort_keys=True)
        return Operation(
            "publishComponent",
            self._documents["publishComponent"],
            {"input": {**bundle.described, "attributes": attributes}},
            result="publishResult",
            repeatable=False,
            address=address_of(request.resource),
            timeout=120,
        )

    def uploads(self, verb: Verb, node: Mapping[str, Any], request: Request) -> Sequence[Upload]:
        """The package and the icons, each to the address that the publish gave for it."""
        bundle = _bundle(request)
        url = node.get("packageUploadUrl")
        if not url:
            hint = "run again; if it stays so, the platform has a problem"
            message = "publishComponent gave no address for the package"
            raise ApiError(message, address=address_of(request.resource), hint=hint)
        package = Upload(url, bundle.package, "application/zip", "the bundle", address_of(request.resource))
        return [package, *_icons(bundle, node, address_of(request.resource))]

    def observed(
        self, verb: Verb, node: Mapping[str, Any], before: LiveObject | None = None
    ) -> LiveObject | None:
        """What was there before: the new version shows once its package is processed."""
        component = node.get("component") or {}
        number = component.get("versionNumber")
        if before is None and component.get("key"):
            key = component["key"]
            before = LiveObject(self.name, key, {"key": key, "name": key}, facts={"packages": ()})
        return replace(before, facts={**before.facts, "published": number}) if before else None

    def satisfied(self, step: str, verb: Verb, request: Request) -> bool:
        """Whether the bundle is there, be it processed or not."""
        live = request.live
        return live is not None and _arrived(live.facts["packages"], _bundle(request).signature) is not None

    def unready(self, verb: Verb, request: Request) -> str:
        """The package is processed after it arrived (api notes: "Asynchronous behaviour")."""
        facts = request.live.facts if request.live else {}
        known = _arrived(facts.get("packages", ()), _bundle(request).signature)
        if verb is not Verb.PUBLISH or (known and known.available):
            return ""
        number = known.number if known else facts.get("published")
        return f"the bundle (version {number}) to be processed" if number else "the bundle to be processed"

    def basis(self, live: LiveObject, resource: Resource | None) -> str:
        """Its versions and their packages."""
        return sha256([live.id, [[p.number, p.signature, p.available] for p in live.facts["packages"]]])


def _bundle(request: Request) -> Bundle:
    bundle: Bundle = request.resource.fields["bundle"]
    return bundle


def _arrived(packages: Sequence[Package], signature: str) -> Package | None:
    """The newest version with this package, one that can be used before one that cannot yet."""
    found = [package for package in packages if package.has(signature)]
    return next((package for package in found if package.available), next(iter(found), None))


def _cause(packages: Sequence[Package]) -> Cause:
    """Whose the newest version is; unknown where the tenant keeps no attributes of ours."""
    if packages[0].recorded:
        return Cause.PENDING
    return Cause.DRIFT if any(package.recorded for package in packages) else Cause.UNKNOWN


def _icons(bundle: Bundle, node: Mapping[str, Any], address: str) -> Iterator[Upload]:
    display = bundle.described["definition"]["display"]
    wanted = [(display.get("iconPath"), node.get("iconUploadUrl"))]
    for name, path in (
        ("connectionIconUploadUrls", "iconPath"),
        ("connectionAvatarIconUploadUrls", "avatarIconPath"),
    ):
        paths = {one.get("key"): one.get(path) for one in bundle.described["connections"]}
        for row in node.get(name) or ():
            wanted.append((paths.get(row["connectionKey"]), row["iconUploadUrl"]))
    for file, url in wanted:
        if file and url:
            yield Upload(url, bundle.icons[file], "image/png", f'the icon "{file}"', address)
