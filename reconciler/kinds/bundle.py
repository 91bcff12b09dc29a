"""Bundle: the package of a code-native integration, published under a key of ours before the import.

Nothing is ever deleted or overwritten: each publish makes a version, and an integration names the version
whose package it wants. What a version is, its signature tells: the SHA-1 of the package (api notes:
"Components"). A publish whose package did not arrive leaves a version that never shows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from msgspec import UNSET, Struct, UnsetType, structs

from reconciler.definition.holes import put
from reconciler.kinds.capabilities import Paged, Readiness, Supplies, Uploads
from reconciler.kinds.integration import metadata as record
from reconciler.kinds.integration.source import PREFIX
from reconciler.kinds.integration.versions import older, with_older
from reconciler.kinds.nodes import Page, Told, every, fitted, known
from reconciler.kinds.protocol import Request, Step, Steps, address_of
from reconciler.kinds.table.labels import denied
from reconciler.kinds.table.plain import PlainKind
from reconciler.model.address import Ref, Resolve
from reconciler.model.digest import sha256
from reconciler.model.errors import ApiError
from reconciler.model.needs import Component, Need
from reconciler.model.nested import with_leaves
from reconciler.model.operation import Operation, Upload
from reconciler.model.plan import Cause, Change, Refusal, Verb
from reconciler.model.refs import PackageRef, SignatureRef
from reconciler.model.secret import Secret
from reconciler.model.state import Bundle, Facts, LiveObject, Notes, Resource


class Package(Struct, frozen=True):
    """One version. `recorded` is the signature that our publish noted; empty where it was not ours."""

    number: int
    signature: str
    available: bool
    recorded: str = ""

    def has(self, signature: str) -> bool:
        """Whether the package of this signature arrived; where the server signs otherwise, our note tells."""
        return signature == self.signature or (self.available and signature == self.recorded)


class BundleFacts(Facts, frozen=True, kw_only=True):
    """The versions, the newest first."""

    packages: tuple[Package, ...] = ()


class Announced(Notes, frozen=True):
    """The number that a publish answered with: the version shows once its package is processed."""

    number: int | None


class PackageNode(Struct, rename="camel"):
    """One version in an answer."""

    version_number: int
    signature: Told = UNSET
    version_is_available: bool | UnsetType | None = UNSET
    version_attributes: object = UNSET


class ComponentNode(Struct, rename="camel"):
    """A component of our making in an answer."""

    key: str
    label: Told = UNSET
    version_sequence: Page[PackageNode] | UnsetType | None = UNSET


class PublishedNode(Struct, rename="camel"):
    """The component as its publish answers it."""

    key: Told = UNSET
    version_number: int | UnsetType | None = UNSET


class IconNode(Struct, rename="camel"):
    """Where a connection's icon goes."""

    connection_key: str
    icon_upload_url: str


class PublishNode(Struct, rename="camel"):
    """What a publish answers: the component, and where its files go."""

    component: PublishedNode | UnsetType | None = UNSET
    package_upload_url: Told = UNSET
    icon_upload_url: Told = UNSET
    connection_icon_upload_urls: list[IconNode] | UnsetType | None = UNSET
    connection_avatar_icon_upload_urls: list[IconNode] | UnsetType | None = UNSET


class BundleKind(PlainKind, Paged, Readiness, Uploads, Supplies):
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
        return 1 + max(0, len(_packages(live)) - 1) // 100

    def next_part(self, node: Mapping[str, object]) -> Operation | None:
        """Older versions."""
        return older(node, "component", self._documents["packages"])

    def with_part(self, node: Mapping[str, object], part: Mapping[str, object]) -> Mapping[str, object]:
        """The node with further versions; a page that brings nothing ends the list."""
        return with_older(node, part, "component")

    def parse(self, node: Mapping[str, object]) -> LiveObject:
        """The component with its versions, the newest first."""
        shown = fitted(ComponentNode, node, self.name)
        packages = tuple(
            Package(
                row.version_number,
                row.signature or "",
                bool(row.version_is_available),
                str(record.our_part(row.version_attributes).get("signature") or ""),
            )
            for row in every(shown.version_sequence)
        )
        fields = {"key": shown.key, "name": shown.label or shown.key}
        facts = BundleFacts(packages=packages)
        return LiveObject(self.name, shown.key, fields, facts=facts, denied=denied(node))

    def natural_key(self, resource: Resource, resolve: Resolve) -> Sequence[tuple[str, object]]:
        """The key, which only our own publish gives."""
        return [("key", resource.fields["key"])]

    def adoptable(self, key: str) -> bool:
        """There is nobody to take it over from."""
        return True

    def value(self, live: LiveObject, ref: Ref) -> object:
        """Its key, the number of the version with a package, and the reverse."""
        packages = _packages(live)
        if isinstance(ref, PackageRef):
            found = _arrived(packages, ref.signature)
            return found.number if found and found.available else None
        if isinstance(ref, SignatureRef):
            return next((p.signature for p in packages if str(p.number) == str(ref.number)), None)
        return super().value(live, ref)

    def promises(self, resource: Resource, ref: Ref) -> bool:
        """The version that holds the manifest's bundle."""
        holds = isinstance(ref, PackageRef) and ref.signature == resource.fields["bundle"].signature
        return holds or super().promises(resource, ref)

    def supplies(self, resource: Resource) -> Need:
        """The component that is published of it, which is the organization's own."""
        return Component(str(resource.fields["key"]), is_public=False)

    def steps(self, request: Request, *, adopt: bool) -> Steps:
        """One publish, unless some version holds the bundle already."""
        bundle, live = _bundle(request), request.live
        packages = _packages(live)
        if not packages:
            change = Change("bundle", None, bundle.signature, Cause.PENDING)
            step = Step(Verb.PUBLISH, "the bundle is not published", (change,), reads=2)
            return Steps((step,), refusals=_secrets_missing(request))
        newest, known = packages[0], _arrived(packages, bundle.signature)
        why = _cause(packages)
        change = Change("bundle", newest.signature, bundle.signature, why)
        if known is None:
            step = Step(Verb.PUBLISH, "the bundle is not what was published", (change,), reads=2)
            return Steps((step,), (change,), refusals=_secrets_missing(request))
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
            {"input": {**_with_secrets(request), "attributes": attributes}},
            result="publishResult",
            repeatable=False,
            address=address_of(request.resource),
            timeout=120,
        )

    def uploads(self, verb: Verb, node: Mapping[str, object], request: Request) -> Sequence[Upload]:
        """The package and the icons, each to the address that the publish gave for it."""
        bundle, shown = _bundle(request), fitted(PublishNode, node, self.name)
        url = shown.package_upload_url
        if not url:
            hint = "run again; if it stays so, the platform has a problem"
            message = "publishComponent gave no address for the package"
            raise ApiError(message, address=address_of(request.resource), hint=hint)
        package = Upload(url, bundle.package, "application/zip", "the bundle", address_of(request.resource))
        return [package, *_icons(bundle, shown, address_of(request.resource))]

    def observed(
        self, verb: Verb, node: Mapping[str, object], before: LiveObject | None = None
    ) -> LiveObject | None:
        """What was there before: the new version shows once its package is processed."""
        shown = fitted(PublishNode, node, self.name).component or PublishedNode()
        if before is None and shown.key:
            fields = {"key": shown.key, "name": shown.key}
            before = LiveObject(self.name, shown.key, fields, facts=BundleFacts())
        return structs.replace(before, notes=Announced(known(shown.version_number))) if before else None

    def satisfied(self, step: str, verb: Verb, request: Request) -> bool:
        """Whether the bundle is there, be it processed or not."""
        live = request.live
        return live is not None and _arrived(_packages(live), _bundle(request).signature) is not None

    def unready(self, verb: Verb, request: Request) -> str:
        """The package is processed after it arrived (api notes: "Asynchronous behaviour")."""
        live = request.live
        arrived = _arrived(_packages(live), _bundle(request).signature)
        if verb is not Verb.PUBLISH or (arrived and arrived.available):
            return ""
        announced = live.notes.number if live and isinstance(live.notes, Announced) else None
        number = arrived.number if arrived else announced
        return f"the bundle (version {number}) to be processed" if number else "the bundle to be processed"

    def basis(self, live: LiveObject, resource: Resource | None) -> str:
        """Its versions and their packages."""
        return sha256([live.id, [[p.number, p.signature, p.available] for p in _packages(live)]])


def _given(request: Request) -> Mapping[str, Secret]:
    """What the manifest gives to the bundle, by the names in it."""
    given = request.resource.fields.get("definitionSecrets") or {}
    return {name: one for name, one in given.items() if isinstance(one, Secret)}


def _with_secrets(request: Request) -> Mapping[str, object]:
    """The input of the publish, with the secrets in the presets of its connections."""
    bundle, given = _bundle(request), _given(request)

    def filled(leaf: object) -> object:
        if not isinstance(leaf, Secret):
            return leaf
        parts = tuple(text for one in given.values() for text in one.told())
        return Secret(put(leaf.reveal(), given), leaf.source, parts, leaf.sure)

    if not bundle.secrets:
        return bundle.described
    return {**bundle.described, "connections": with_leaves(bundle.described["connections"], filled)}


def _secrets_missing(request: Request) -> tuple[Refusal, ...]:
    """Why a bundle is not published: it names secrets that nobody gives."""
    given = _given(request)
    lacking = [name for name in _bundle(request).secrets if name not in given]
    if not lacking:
        return ()
    message = f"the bundle's connections hold secrets that the manifest does not give: {', '.join(lacking)}"
    hint = f"give each: definitionSecrets: {{{lacking[0]}: {{secret: {{env: NAME}}}}}}"
    return (Refusal("secret-missing", message, address_of(request.resource), hint),)


def _bundle(request: Request) -> Bundle:
    bundle: Bundle = request.resource.fields["bundle"]
    return bundle


def _packages(live: LiveObject | None) -> Sequence[Package]:
    return live.facts.packages if live and isinstance(live.facts, BundleFacts) else ()


def _arrived(packages: Sequence[Package], signature: str) -> Package | None:
    """The newest version with this package, one that can be used before one that cannot yet."""
    found = [package for package in packages if package.has(signature)]
    return next((package for package in found if package.available), next(iter(found), None))


def _cause(packages: Sequence[Package]) -> Cause:
    """Whose the newest version is; unknown where the tenant keeps no attributes of ours."""
    if packages[0].recorded:
        return Cause.PENDING
    return Cause.DRIFT if any(package.recorded for package in packages) else Cause.UNKNOWN


def _icons(bundle: Bundle, shown: PublishNode, address: str) -> Iterator[Upload]:
    display = bundle.described["definition"]["display"]
    wanted = [(display.get("iconPath"), shown.icon_upload_url)]
    for rows, path in (
        (shown.connection_icon_upload_urls, "iconPath"),
        (shown.connection_avatar_icon_upload_urls, "avatarIconPath"),
    ):
        paths = {one.get("key"): one.get(path) for one in bundle.described["connections"]}
        wanted += [(paths.get(row.connection_key), row.icon_upload_url) for row in rows or ()]
    for file, url in wanted:
        if file and url:
            yield Upload(url, bundle.icons[file], "image/png", f'the icon "{file}"', address)
