"""From a built folder to what a plan needs: the package, and a definition that is the same at every load.

A bundle draws a random key for its component each time it is loaded (api notes: "Code-native definitions are
not reproducible"). A key of ours takes its place, and the package's signature that of the version.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha1
from pathlib import Path
from typing import Any

from msgspec import Struct, structs

from reconciler.definition import Definition
from reconciler.definition.holes import names_in
from reconciler.kinds.integration.source import component_key
from reconciler.manifests.bundle import files_of, packed
from reconciler.manifests.bundle_described import digest_of
from reconciler.manifests.bundle_read import Described, described
from reconciler.manifests.definitions import check
from reconciler.manifests.dump import dump
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic, Source
from reconciler.model.problem import Unusable
from reconciler.model.secret import Unproven
from reconciler.model.state import Bundle, Resource
from reconciler.yaml12.text import parse

_DESCRIBE = "hand on what was described: reconciler validate --describe FILE, right after its build"
_RANDOM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Built(Struct, frozen=True):
    """A bundle as the resources see it. `problems` are at the bundle's place in the manifest."""

    definition: Definition | None
    component: Resource
    problems: tuple[Diagnostic, ...]


@dataclass(slots=True)
class Bundles:
    """The bundles of one load, each packed and run once, however many manifests name it."""

    project: str
    environ: Mapping[str, str] = field(repr=False)
    known: Mapping[str, Described] | None = field(default=None, repr=False)
    """What they define, by the digests of their packages, where none is to be run."""
    _read: dict[Path, tuple[bytes, dict[str, bytes], Described]] = field(default_factory=dict, repr=False)

    def get(self, folder: Path, named: str, address: Address, source: Source) -> Built:
        """The bundle in `folder` (a real path) for the integration at `address`. Raises Unusable."""
        if folder not in self._read:
            files = files_of(folder)
            package = packed(files)
            self._read[folder] = (package, files, self._described(package, files))
        package, files, found = self._read[folder]
        key, signature = component_key(self.project, address.name), sha1(package).hexdigest()
        secrets = tuple(names_in(found.input["connections"]))
        bundle = Bundle(signature, package, _described(found, key), _icons(found.input, files), secrets)
        component = Resource(Address("Bundle", address.name), {"key": key, "bundle": bundle}, source=source)
        definition, told = _definition(found, key, signature, named)
        if definition is not None:
            definition = replace(definition, component=component.address, key=key, signature=signature)
        problems = (
            structs.replace(
                one, source=source, address=str(address), message=f'bundle "{named}": {one.message}'
            )
            for one in told
        )
        return Built(definition, component, tuple(problems))

    def _described(self, package: bytes, files: Mapping[str, bytes]) -> Described:
        if self.known is None:
            return described(files, self.environ)
        found = self.known.get(digest_of(package))
        if found is None:
            raise Unusable("bundle-not-described", "is not among those that --described tells of", _DESCRIBE)
        return found


def _definition(
    found: Described, key: str, signature: str, named: str
) -> tuple[Definition | None, list[Diagnostic]]:
    text, own = _settled(found.definition, found.key, key), found.key
    own = key if _RANDOM.fullmatch(own) else own
    documents, problems = parse(text, named)
    if problems:
        return None, problems
    definition, problems = check(text, documents, named)
    if definition is None:
        return None, problems
    if not definition.is_code_native:
        message, hint = "is not code-native", "name a definition file under spec.definition"
        return None, [Diagnostic("bundle-broken", message, hint=hint)]
    ours = definition.referring(own, {"key": key, "isPublic": False, "signature": signature})
    return ours.written(dump), problems


def _settled(text: str, own: str, key: str) -> str:
    """A text without the bundle's random key: wherever it stands, it would be another at the next load."""
    return text.replace(own, key) if _RANDOM.fullmatch(own) else text


def _described(found: Described, key: str) -> dict[str, Any]:
    """The input of the publish, with the key of ours. What connections are preset with may be secret."""
    given: dict[str, Any] = json.loads(_settled(json.dumps(found.input), found.key, key))
    given["definition"]["key"] = key
    for connection in given["connections"]:
        for one in connection.get("inputs") or ():
            if isinstance(one.get("default"), str) and one["default"]:
                one["default"] = Unproven(one["default"], "bundle", sure=False)
    return given


def _icons(given: Mapping[str, Any], files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The pictures that the component names. Raises Unusable where one is not there."""
    named = [given["definition"]["display"].get("iconPath")]
    for connection in given["connections"]:
        named += [connection.get("iconPath"), connection.get("avatarIconPath")]
    found: dict[str, bytes] = {}
    for name in filter(None, named):
        if name not in files or not str(name).lower().endswith(".png"):
            raise Unusable(
                "bundle-icon", f'names the icon "{name}", which is no PNG in it', "add it to the build"
            )
        found[name] = files[name]
    return found
