"""InstanceProfile: how instances run (memory, logs, billing). Definitions name it as their default."""

from collections.abc import Mapping
from typing import Any

from reconciler.kinds.field import DESCRIPTION, Field
from reconciler.kinds.lease import PREFIX
from reconciler.kinds.places import Description
from reconciler.kinds.tabled import TabledKind


class InstanceProfileKind(TabledKind):
    """The field table of `InstanceProfile`. The server keeps names unique (api notes: section 8)."""

    name = "InstanceProfile"
    noun = "instanceProfile"
    list_name = "instanceProfiles"
    place = Description()
    key_is_unique = True
    held_by: tuple[str, ...] = ("Integration", "Instance")
    fields = (
        Field("name"),
        DESCRIPTION,
        Field("stableKey", fixed=True),
        Field("allocatedMemoryMb", empty=None),
        Field("instanceBillingType"),
        Field("isDefaultProfile", empty=False),
        Field("logsDisabled", empty=False),
        Field("stepResultsDisabled", empty=False),
        Field("quickStart", empty=False),
        Field("quickStartInstances", empty=None),
    )

    def concerns(self, node: Mapping[str, Any]) -> bool:
        """Leases are kept as profiles, and are nobody's resource."""
        return not str(node["name"]).startswith(PREFIX)
