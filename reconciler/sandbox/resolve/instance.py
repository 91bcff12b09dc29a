"""Why this exists: instances, as they are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..store import Row
from . import filters, instance_profile, ordering, paging
from .alert import monitors_of_instance
from .config_variable import values
from .context import Context
from .execution import executions
from .fields import Resolver, bind, boolean, by_id, column, constant, global_id, labels, relation
from .filters import Condition, Filter, exact, flag, icontains, ids, reference
from .flow import flow_configs
from .ids import from_global
from .last_run import failed_filter, in_failed_state, last_executed
from .log import logs
from .parts import is_configured
from .scoped_variable import values_of_instance


def _integration(context: Context, value: str) -> Condition | None:
    """The id of a version finds the instances of every version, unless the rule is exact."""
    if not value:
        return None
    identifier = from_global("Integration", value)
    if context.rules["integration_filter"] == "exact":
        return "integration = ?", [identifier]
    return "sequence = (SELECT i.sequence FROM integration i WHERE i.id = ?)", [identifier]


def _designed_by(_: Context, value: str) -> Condition:
    return ("1" if value == "ORG" else "0"), []


def _external(_: Context, value: str) -> Condition:
    return "customer IN (SELECT c.id FROM customer c WHERE c.external_id = ?)", [value]


FILTERS: dict[str, Filter] = {
    "name": exact("name"),
    "name_Icontains": icontains("name"),
    "description": exact("description"),
    "description_Icontains": icontains("description"),
    "enabled": flag("enabled"),
    "needsDeploy": flag("needs_deploy"),
    "globalDebug": flag("debug"),
    "isSystem": flag("is_system"),
    "inFailedState": failed_filter("instance", "instance.id"),
    "instanceType": lambda _, value: ("1" if value == "INTEGRATION" else "0", []),
    "designedBy": _designed_by,
    "customer": reference("customer", "Customer"),
    "customer_ExternalId": _external,
    "integration": _integration,
    "integration_VersionSequenceId": exact("sequence"),
    "id_In": ids("id", "Instance"),
    **filters.LABELS,
    **filters.TIMES,
}
_OF_INTEGRATION = "(SELECT i.{} FROM integration i WHERE i.id = integration)"
ORDER = {
    "CREATED_AT": "created_at",
    "UPDATED_AT": "updated_at",
    "NAME": "name",
    "DESCRIPTION": "description",
    "ENABLED": "enabled",
    "CUSTOMER": "(SELECT c.name FROM customer c WHERE c.id = customer)",
    "INTEGRATION": _OF_INTEGRATION.format("name"),
    "CATEGORY": _OF_INTEGRATION.format("category"),
    "VERSION": _OF_INTEGRATION.format("number"),
    "INSTANCE_TYPE": "NULL",
    "LAST_EXECUTED_AT": "(SELECT max(e.created_at) FROM execution e WHERE e.instance = instance.id)",
}


def select(
    info: Any, arguments: dict[str, Any], more: Sequence[str] = (), extra: Sequence[Any] = ()
) -> paging.Connection:
    """Instances by filters and further conditions."""
    where, parameters = filters.build(info.context, FILTERS, arguments)
    if arguments.get("isSystem") is None and info.context.rules["system_hidden"] == "true":
        where.append("NOT is_system")
    order = ordering.sql(ORDER, arguments, info.context.rules["default_order"])
    return paging.of_table(info, "instance", [*more, *where], [*extra, *parameters], order, arguments)


def _instances(_: Any, info: Any, **arguments: Any) -> paging.Connection:
    return select(info, arguments)


def _integration_of(row: Row, info: Any, **_: Any) -> Row:
    found: Row = info.context.row("integration", row["integration"])
    return found


def deployed_version(row: Row, info: Any) -> int:
    """The live version's number; before the first deploy it is a rule."""
    if row["deployed_version"] is not None:
        return int(row["deployed_version"])
    return 0 if info.context.rules["undeployed_version"] == "0" else -1


def _config_state(row: Row, info: Any) -> str:
    return "FULLY_CONFIGURED" if is_configured(info.context, row) else "NEEDS_INSTANCE_CONFIGURATION"


def _upgradeable(row: Row, info: Any) -> bool:
    """Whether a newer version is in the marketplace."""
    now = _integration_of(row, info)["number"]
    where = [
        "sequence = ?",
        "NOT is_draft",
        "number > ?",
        "marketplace = 'AVAILABLE_AND_DEPLOYABLE'",
        "available",
    ]
    return int(info.context.store.count("integration", where, [row["sequence"], now])) > 0


def _customer_deployable(row: Row, info: Any) -> bool:
    return bool(_integration_of(row, info)["marketplace"] == "AVAILABLE_AND_DEPLOYABLE")


def _executions(row: Row, info: Any, **arguments: Any) -> paging.Connection:
    return executions(info, arguments, ("instance = ?",), (row["id"],))


def _logs(row: Row, info: Any, **arguments: Any) -> paging.Connection:
    return logs(info, arguments, ("instance = ?",), (row["id"],))


def _profile(row: Row, info: Any) -> Row:
    own = instance_profile.own(row, info)
    return own or instance_profile.default_of(_integration_of(row, info), info)


_FIELDS: dict[str, Resolver] = {
    "id": global_id("Instance"),
    "name": column("name"),
    "description": column("description"),
    "labels": labels,
    "enabled": boolean("enabled"),
    "needsDeploy": boolean("needs_deploy"),
    "deployedVersion": deployed_version,
    "lastDeployedAt": column("last_deployed_at"),
    "lastExecutedAt": last_executed("instance"),
    "createdAt": column("created_at"),
    "updatedAt": column("updated_at"),
    "isSystem": boolean("is_system"),
    "inFailedState": in_failed_state("instance"),
    "instanceType": constant("INTEGRATION"),
    "designedBy": constant("ORG"),
    "globalDebug": boolean("debug"),
    "listeningMode": constant(False),
    "logsDisabled": boolean("logs_disabled"),
    "stepResultsDisabled": boolean("results_disabled"),
    "starred": boolean("starred"),
    "systemSuspended": constant(False),
    "configState": _config_state,
    "isCustomerUpgradeable": _upgradeable,
    "isCustomerDeployable": _customer_deployable,
    "customer": relation("customer", "customer"),
    "integration": _integration_of,
    "configVariables": values,
    "flowConfigs": flow_configs,
    "profile": _profile,
    "workflow": constant(None),
    "customerConfigVariables": values_of_instance,
    "executionResults": _executions,
    "logs": _logs,
    "monitors": monitors_of_instance,
    "scopedConfigVariables": paging.empty,
    "userLevelConfigVariables": paging.empty,
    "userLevelConfigs": paging.empty,
}
BINDINGS = [bind("Instance", _FIELDS)]
ROOT: dict[str, Resolver] = {"instance": by_id("instance", "Instance"), "instances": _instances}
