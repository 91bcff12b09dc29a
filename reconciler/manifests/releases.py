"""Releases in manifests: which names an integration can publish under, and what an instance asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.manifests.manifest import Manifest
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.problem import Where
from reconciler.model.state import Resource

LATEST = "latest"


def of_integration(manifest: Manifest, spec: Mapping[str, Any], address: Address) -> Iterator[Diagnostic]:
    """What is wrong or doubtful with what the integration's manifest publishes."""
    document = manifest.document
    if spec.get("release") == LATEST:
        message = f'a release cannot be called "{LATEST}"'
        hint = "instances use that word for whatever the integration publishes: name it, such as 1.0.0"
        yield Diagnostic("bad-release", message, document.source(("spec", "release")), str(address), hint)
    for name in ("comment", "available", "draft"):
        if name in spec and "release" not in spec:
            source = document.source(("spec", name), key=True)
            message = f'"{name}" has no effect without a release'
            hint = "add a release, or remove it"
            yield Diagnostic("unused-field", message, source, str(address), hint, "warning")


def of_instance(
    manifest: Manifest, spec: Mapping[str, Any], base: Where, address: Address, target: Resource
) -> tuple[dict[str, Any], list[Diagnostic]]:
    """What the instance is to run, as its field `release` or `version`, and what is wrong or doubtful with
    it. `latest` is what the manifest of the integration, `target`, publishes.
    """

    def told(code: str, message: str, at: str, hint: str, severity: str = "error") -> list[Diagnostic]:
        return [
            Diagnostic(code, message, manifest.document.source((*base, at)), str(address), hint, severity)
        ]

    if "version" in spec:
        if "release" in spec:
            message = '"version" and "release" both say what the instance is to run'
            return {}, told("wrong-value", message, "version", "remove the version: a release travels")
        number = int(spec["version"])
        message = f"version {number} is a number of one tenant only: numbers differ between tenants"
        hint = "name a release instead, which is the same in all of them"
        return {"version": number}, told("version-number", message, "version", hint, "warning")
    wanted = spec.get("release", LATEST)
    if wanted != LATEST:
        return {"release": str(wanted)}, []
    release = target.fields.get("release")
    if release is None:
        message = f'integration "{target.address.leaf}" publishes no release, so there is no latest one'
        hint = f"add a release to it at {target.source}, or name one here that is published already"
        return {}, told("no-release", message, "release" if "release" in spec else "integration", hint)
    return {"release": str(release)}, []
