"""Where the manifest of each address stands: below the folder of the manifests, or where the project says."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from reconciler.model.address import Address

_FOLDERS = {
    "Integration": "integrations",
    "Customer": "customers",
    "Instance": "instances",
    "InstanceSet": "instances",
    "Connection": "connections",
    "CustomerConnection": "connections/customers",
    "InstanceProfile": "profiles",
    "MarketplaceListing": "marketplace",
    "User": "users",
    "AlertWebhook": "alerts/webhooks",
    "AlertGroup": "alerts/groups",
    "AlertMonitor": "alerts/monitors",
    "EventWebhook": "webhooks",
    "LogStream": "logs",
}
SUFFIX = ".yml"
DEFINITIONS = "definitions"


class Layout(Struct, frozen=True):
    """Where new files stand: below `folder`, but for the kinds of which a template says otherwise."""

    folder: str
    templates: Mapping[str, str] = {}

    def manifest(self, address: Address) -> str:
        """The file of a manifest, relative to the project."""
        template = self.templates.get(address.kind)
        return _filled(template, address) if template else manifest_path(self.folder, address)

    def definition(self, address: Address, suffix: str = "") -> str:
        """The file of an integration's definition; `suffix` tells those apart that stand beside it."""
        template = self.templates.get("Definition")
        if not template:
            return definition_path(address, suffix)
        stem, dot, end = _filled(template, address).rpartition(".")
        return f"{stem}{suffix}{dot}{end}"


def _filled(template: str, address: Address) -> str:
    customer = address.name.rpartition("/")[0]
    return template.replace("{name}", address.leaf).replace("{customer}", customer)


def manifest_path(folder: str, address: Address) -> str:
    """The file of a manifest, relative to the project: `manifests/instances/acme/slack-sync.yml`."""
    return f"{folder}{_FOLDERS.get(address.kind, address.kind.lower())}/{address.name}{SUFFIX}"


def definition_path(address: Address, suffix: str = "") -> str:
    """The file of an integration's definition."""
    return f"{DEFINITIONS}/{address.name}{suffix}{SUFFIX}"


def relative(path: str, origin: str) -> str:
    """A path of the project as a file of it names the other."""
    here, there = origin.split("/")[:-1], path.split("/")
    shared = 0
    while shared < min(len(here), len(there) - 1) and here[shared] == there[shared]:
        shared += 1
    return "/".join([".."] * (len(here) - shared) + there[shared:])
