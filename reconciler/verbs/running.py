"""What an environment really runs, by its tenant: the release of each instance, and of each integration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from reconciler.kinds.instance.facts import facts_of
from reconciler.kinds.instance.tests import OUTSTANDING
from reconciler.kinds.integration.release import name_of
from reconciler.kinds.table.record import WIDTH
from reconciler.model.address import Address
from reconciler.model.plan import Refusal
from reconciler.model.state import Desired, LiveObject, Resource, Version


class Running(Struct):
    """The releases by address, with the published versions that bear them, and why some must not be passed
    on.
    """

    environment: str
    releases: dict[Address, str] = {}
    versions: dict[Address, Version] = {}
    refusals: dict[Address, list[Refusal]] = {}

    def refuse(self, address: Address, code: str, message: str, hint: str) -> None:
        """Notes why what runs at the address must not be passed on."""
        self.refusals.setdefault(address, []).append(Refusal(code, message, str(address), hint))


def running(desired: Desired, objects: Mapping[Address, LiveObject]) -> Running:
    """What the objects of `desired` run. An instance that was never deployed runs nothing."""
    found = Running(desired.environment)
    for address, live in objects.items():
        resource = desired.resources.get(address)
        if resource is not None and resource.kind == "Instance" and facts_of(live).last_deployed_at:
            _instance(found, resource, live, objects.get(resource.fields["integration"]))
    for address, live in objects.items():
        resource = desired.resources.get(address)
        if resource is not None and resource.kind == "Integration":
            _integration(found, resource, live, list(_instances(desired, address)))
    return found


def _instances(desired: Desired, integration: Address) -> Iterator[Resource]:
    for resource in desired.resources.values():
        if resource.kind == "Instance" and resource.fields["integration"] == integration:
            yield resource


def _instance(found: Running, resource: Resource, live: LiveObject, integration: LiveObject | None) -> None:
    address, where = resource.address, found.environment
    number = facts_of(live).deployed_version
    version = next((v for v in integration.versions if v.number == number), None) if integration else None
    name = name_of(integration, version) if integration and version else ""
    if version is None or not name:
        message = f"{address} runs version {number} in {where}, which bears no release's name"
        hint = f"give it a release, and run: reconciler apply -e {where}"
        found.refuse(address, "unnamed-release", message, hint)
        return
    found.releases[address], found.versions[address] = name, version
    if live.applied.get("tests") == OUTSTANDING[:WIDTH]:
        message = f"the tests of {address} have not passed in {where} since it was deployed"
        hint = f"run them again: reconciler apply -e {where}"
        found.refuse(address, "tests-outstanding", message, hint)


def _integration(found: Running, resource: Resource, live: LiveObject, instances: list[Resource]) -> None:
    """The newest release that its instances run; where none runs, the newest that can be chosen."""
    address, where = resource.address, found.environment
    for one in instances:
        found.refusals.setdefault(address, []).extend(found.refusals.get(one.address, ()))
    used = [found.versions[one.address] for one in instances if one.address in found.versions]
    version = max(used or [v for v in live.versions if v.available], key=lambda v: v.number, default=None)
    if version is None:
        return
    name = name_of(live, version)
    if not name and address in found.refusals and found.refusals[address]:
        return  # that of its instances says it
    if not name:
        message = f"the newest version of {address} in {where}, {version.number}, bears no release's name"
        hint = f"publish a release of it: reconciler apply -e {where}"
        found.refuse(address, "unnamed-release", message, hint)
        return
    found.releases[address], found.versions[address] = name, version
    if not version.available:
        message = f"release {name} of {address} cannot be chosen any more in {where}"
        hint = "make it available again there, or move its instances to another release first"
        found.refuse(address, "withdrawn", message, hint)
    late = [
        str(one.address)
        for one in instances
        if one.fields.get("release") == name and found.releases.get(one.address, name) != name
    ]
    if late:
        message = f"release {name} of {address} is not everywhere yet in {where}: {late[0]} does not run it"
        found.refuse(address, "partly-rolled-out", message, f"finish it first: reconciler apply -e {where}")
