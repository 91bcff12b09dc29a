"""InstanceProfile: how instances run (memory, logs, billing). Definitions name it as their default."""

from collections.abc import Mapping

from reconciler.kinds.capabilities import Held, KeepsUnique, PartlyProvided, SharesItsList
from reconciler.kinds.table.documents import Api, Search
from reconciler.kinds.table.kind import TabledKind
from reconciler.kinds.table.places import Description
from reconciler.kinds.table.row import Row, description
from reconciler.kinds.table.shape import NAME, number, truth
from reconciler.model.lease import PREFIX
from reconciler.model.state import LiveObject


class InstanceProfileKind(TabledKind, Held, KeepsUnique, PartlyProvided, SharesItsList):
    """How instances run: memory, logs, billing."""

    # The server keeps names unique (api notes: section 8).
    name = "InstanceProfile"
    api = Api("instanceProfile", "instanceProfiles", order="NAME", search=Search("name", order=""))
    place = Description()
    key_is_unique = True
    unique: Mapping[str, str] = {"name": ""}
    surely_unique = True
    held_by: tuple[str, ...] = ("Integration", "Instance")
    example = "large"
    fields = (
        Row("name", NAME, "The display name, unique in the tenant.", "Large", required=True),
        description(
            "A description. The mark of ownership is kept in a last line below it.", "For big payloads"
        ),
        Row(
            "stableKey",
            NAME,
            "A key of your own for the profile. It can be set at creation alone.",
            "large",
            fixed=True,
        ),
        Row("allocatedMemoryMb", number(1), "Memory of an execution, in MB.", 2048),
        Row(
            "instanceBillingType",
            NAME,
            "How its instances are billed, by the platform's own name.",
            "BILLABLE",
        ),
        Row(
            "isDefaultProfile",
            truth(),
            "Whether instances run with it unless their definition names another.",
            True,
        ),
        Row("logsDisabled", truth(), "Whether executions keep no logs.", True),
        Row("stepResultsDisabled", truth(), "Whether executions keep no results of steps.", True),
        Row("quickStart", truth(), "Whether executions begin without the time of a cold start.", True),
        Row("quickStartInstances", number(1), "How many are kept ready.", 2),
    )

    def is_resource(self, node: Mapping[str, object]) -> bool:
        """Leases are kept as profiles, and are nobody's resource."""
        return not str(node["name"]).startswith(PREFIX)

    def is_provided(self, live: LiveObject) -> bool:
        """The one that instances have by default."""
        return bool(live.fields["isDefaultProfile"])
