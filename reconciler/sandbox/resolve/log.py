"""Why this exists: what executions logged, as it is read."""

from __future__ import annotations

from typing import Any

from ..store import Row
from . import filters, ordering, paging
from .context import Context
from .execution import EXECUTION, IN_SEQUENCE, SAME_SEQUENCE, by_id, is_over, of_instance, of_kind
from .fields import Resolver, bind, column, constant, global_id, relation
from .filters import Condition, Filter, exact, from_on, icontains, one_of, reference, up_to
from .ids import from_global
from .parts import Flow
from .stream import SEVERITIES

_OF_EXECUTION = "execution IN (SELECT e.id FROM execution e WHERE {})"


def _of_execution(test: str, kind: str | None = None) -> Filter:
    def make(_: Context, value: Any) -> Condition | None:
        if value in (None, ""):
            return None
        return _OF_EXECUTION.format(test), [from_global(kind, value) if kind else value]

    return make


_by_test = _of_execution("e.is_test = ?")
_by_sequence = _of_execution("e.sequence = ?")
_by_integration = _of_execution(f"e.{IN_SEQUENCE}", "Integration")
_of_no_execution: Filter = lambda _, value: ("1" if value else "0", [])  # noqa: E731
_LOG_FILTERS: dict[str, Filter] = {
    "executionResult": reference("execution", "InstanceExecutionResult"),
    "instance": reference("instance", "Instance"),
    "instance_IsSystem": of_instance("x.is_system = ?"),
    "instanceType": of_kind,
    "customer": of_instance("x.customer = ?", "Customer"),
    "instance_Customer": of_instance("x.customer = ?", "Customer"),
    "instance_Integration": of_instance(SAME_SEQUENCE, "Integration"),
    "integration": _by_integration,
    "integration_VersionSequenceId": _by_sequence,
    "integrationVersionSequenceId": _by_sequence,
    "flow": _of_execution("e.flow = ?", "IntegrationFlow"),
    "flowConfig_Flow": _of_execution("e.flow = ?", "IntegrationFlow"),
    "flowConfig": _of_execution("e.flow_config = ?", "InstanceFlowConfig"),
    "isTestExecution": _by_test,
    "executionResult_IsTestExecution": _by_test,
    "logType": lambda _, value: ("type = ?", [value.upper()]),
    "logType_In": lambda _, values: one_of("type")(_, [value.upper() for value in values if value]),
    "severity": exact("severity"),
    "message_Icontains": icontains("message"),
    "timestamp_Gte": from_on("created_at"),
    "timestamp_Lte": up_to("created_at"),
    "configVariable_Isnull": _of_no_execution,
    "userLevelConfigVariable_Isnull": _of_no_execution,
    **dict.fromkeys(
        ("customerConfigVariable", "scopedConfigVariable", "requiredConfigVariableKey", "loopPath"),
        lambda _, __: ("0", []),  # only executions log here
    ),
    "loopPath_Istartswith": lambda _, value: ("1" if value == "" else "0", []),
}
_NAME_OF = "(SELECT {0}.name FROM {1} {0} JOIN instance x ON x.{1} = {0}.id WHERE x.id = instance)"
_LOG_ORDER = {
    "CUSTOMER": _NAME_OF.format("c", "customer"),
    "FLOW": "execution",
    "FLOW_CONFIG": "execution",
    "INSTANCE": "(SELECT x.name FROM instance x WHERE x.id = instance)",
    "INTEGRATION": _NAME_OF.format("i", "integration"),
    "LOG_TYPE": "type",
    "MESSAGE": "message",
    "SEVERITY": "severity",
    "TIMESTAMP": "created_at",
}


def logs(
    info: Any, arguments: dict[str, Any], more: tuple[str, ...] = (), extra: tuple[Any, ...] = ()
) -> paging.Connection:
    """Logs by filters and further conditions; oldest first unless an order is asked for."""
    where, parameters = filters.build(info.context, _LOG_FILTERS, arguments)
    where.append(f"ready <= {info.context.requests}")
    order = ordering.sql(_LOG_ORDER, arguments, "created")
    return paging.of_table(info, "log", [*more, *where], [*extra, *parameters], order, arguments)


def _logs(_: Any, info: Any, **arguments: Any) -> paging.Connection:
    return logs(info, arguments)


def _of_log(name: str) -> Resolver:
    """A field of the execution that logged."""

    def resolve(row: Row, info: Any) -> Any:
        return EXECUTION[name](info.context.row("execution", row["execution"]), info)

    return resolve


def _name_of(read: Resolver) -> Resolver:
    def resolve(row: Row, info: Any) -> str | None:
        found = read(row, info)
        return (
            None if found is None else str(found.body["name"] if isinstance(found, Flow) else found["name"])
        )

    return resolve


def _log_customer(row: Row, info: Any) -> Any:
    return info.context.row("customer", info.context.row("instance", row["instance"])["customer"])


_instance_of_log = relation("instance", "instance")
_LOG: dict[str, Resolver] = {
    "id": global_id("Log"),
    "message": column("message"),
    "severity": lambda row, _: SEVERITIES[row["severity"]],
    "timestamp": column("created_at"),
    "stepName": column("step"),
    "logType": column("type"),
    "executionResult": relation("execution", "execution"),
    "executionResultId": global_id("InstanceExecutionResult", "execution"),
    "instance": _instance_of_log,
    "instanceId": global_id("Instance", "instance"),
    "instanceName": _name_of(_instance_of_log),
    "instanceType": constant("INTEGRATION"),
    "integration": _of_log("integration"),
    "integrationName": _name_of(_of_log("integration")),
    "integrationVersionSequenceId": lambda row, info: info.context.row("execution", row["execution"])[
        "sequence"
    ],
    "flow": _of_log("flow"),
    "flowName": _name_of(_of_log("flow")),
    "flowConfig": _of_log("flowConfig"),
    "isTestExecution": _of_log("isTestExecution"),
    "customer": _log_customer,
    "customerName": _name_of(_log_customer),
    "fromPreprocessFlow": constant(False),
    **dict.fromkeys(
        ("configVariable", "customerConfigVariable", "requiredConfigVariableKey"), constant(None)
    ),
    **dict.fromkeys(("scopedConfigVariable", "userLevelConfigVariable", "sectionId"), constant(None)),
    **dict.fromkeys(("loopPath", "loopStepIndex", "loopStepName"), constant(None)),
    "allowRemove": constant(False),
    "allowUpdate": constant(False),
}
BINDINGS = [bind("Log", _LOG)]
ROOT: dict[str, Resolver] = {"log": by_id("log", "Log", is_over), "logs": _logs}
