"""InstanceProfile: how instances run (memory, logs, billing), named by definitions through its stable key."""

from reconciler.kinds.field import DESCRIPTION, Field
from reconciler.kinds.places import Description
from reconciler.kinds.tabled import TabledKind


class InstanceProfileKind(TabledKind):
    """The field table of `InstanceProfile`. The server keeps names unique (api notes: section 8)."""

    name = "InstanceProfile"
    noun = "instanceProfile"
    list_name = "instanceProfiles"
    place = Description()
    key_is_unique = True
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
