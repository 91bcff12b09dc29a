"""Why this exists: what executions logged, as it is read."""

from __future__ import annotations

from typing import Any

from ...store import Row
from ..alerts.streams import SEVERITIES
from ..content.flows import Flow
from ..frame import filters
from ..frame.filters import Filter
from ..frame.kinds import Kind
from ..frame.lists import Rows
from ..frame.resolvers import Resolver, by_id, constants, global_id, relation
from .shown import EXECUTION, SAME_SEQUENCE, is_over, of_instance, of_kind, ready


def _of_execution(test: str, kind: str | None = None) -> Filter:
    return filters.having(f"execution IN (SELECT e.id FROM execution e WHERE e.{test})", kind)


_by_test = _of_execution("is_test = ?")
_by_sequence = _of_execution("sequence = ?")
_FILTERS: dict[str, Filter] = {
    "executionResult": filters.reference("execution", "InstanceExecutionResult"),
    "instance": filters.reference("instance", "Instance"),
    "instance_IsSystem": of_instance("is_system = ?"),
    "instanceType": of_kind,
    **dict.fromkeys(("customer", "instance_Customer"), of_instance("customer = ?", "Customer")),
    "instance_Integration": of_instance(SAME_SEQUENCE, "Integration"),
    "integration": _of_execution(SAME_SEQUENCE, "Integration"),
    **dict.fromkeys(("integration_VersionSequenceId", "integrationVersionSequenceId"), _by_sequence),
    **dict.fromkeys(("flow", "flowConfig_Flow"), _of_execution("flow = ?", "IntegrationFlow")),
    "flowConfig": _of_execution("flow_config = ?", "InstanceFlowConfig"),
    **dict.fromkeys(("isTestExecution", "executionResult_IsTestExecution"), _by_test),
    "logType": filters.upper("type"),
    "logType_In": filters.upper_in("type"),
    **filters.on("severity", "message", timestamp="created_at"),
    **filters.absent("configVariable_Isnull", "userLevelConfigVariable_Isnull"),  # only executions log here
    **filters.never("customerConfigVariable", "scopedConfigVariable", "requiredConfigVariableKey"),
    **filters.never("loopPath"),
    "loopPath_Istartswith": lambda _, value: ("1" if value == "" else "0", []),
}
_NAME_OF = "(SELECT {0}.name FROM {1} {0} JOIN instance x ON x.{1} = {0}.id WHERE x.id = instance)"
_ORDER = {
    "CUSTOMER": _NAME_OF.format("c", "customer"),
    "FLOW": "execution",
    "FLOW_CONFIG": "execution",
    "INSTANCE": "(SELECT x.name FROM instance x WHERE x.id = instance)",
    "INTEGRATION": _NAME_OF.format("i", "integration"),
    "LOG_TYPE": "type",
    "TIMESTAMP": "created_at",
}


def _of_run(name: str) -> Resolver:
    """A field of the execution that logged."""
    read = EXECUTION.fields[name]
    assert callable(read)
    return lambda row, info: read(info.context.row("execution", row["execution"]), info)


def _name_of(read: Resolver) -> Resolver:
    def resolve(row: Row, info: Any) -> str | None:
        found = read(row, info)
        if found is None:
            return None
        return str(found.body["name"] if isinstance(found, Flow) else found["name"])

    return resolve


def _customer(row: Row, info: Any) -> Any:
    return info.context.row("customer", info.context.row("instance", row["instance"])["customer"])


def _execution(name: str) -> Resolver:
    """A column of the execution that logged."""
    return lambda row, info: info.context.row("execution", row["execution"])[name]


KINDS = (
    Kind(
        "Log",
        "log",
        lists=Rows("log", _FILTERS, _ORDER, "created", ready).listed,
        fields={
            "severity": lambda row, _: SEVERITIES[row["severity"]],
            "timestamp": "created_at",
            "stepName": "step",
            "logType": "type",
            "executionResult": "execution",
            "executionResultId": global_id("InstanceExecutionResult", "execution"),
            "instanceId": global_id("Instance", "instance"),
            "instanceName": _name_of(relation("instance", "instance")),
            "integration": _of_run("integration"),
            "integrationName": _name_of(_of_run("integration")),
            "integrationVersionSequenceId": _execution("sequence"),
            "flow": _of_run("flow"),
            "flowName": _name_of(_of_run("flow")),
            "flowConfig": _of_run("flowConfig"),
            "isTestExecution": lambda row, info: _execution("is_test")(row, info) != 0,
            "customer": _customer,
            "customerName": _name_of(_customer),
            **constants("INTEGRATION", "instanceType"),
            **constants(False, "fromPreprocessFlow", "allowRemove", "allowUpdate"),
            **constants(None, "configVariable", "customerConfigVariable", "requiredConfigVariableKey"),
            **constants(None, "scopedConfigVariable", "userLevelConfigVariable", "sectionId"),
            **constants(None, "loopPath", "loopStepIndex", "loopStepName"),
        },
    ),
)
ROOT: dict[str, Resolver] = {"log": by_id("log", "Log", is_over)}
