"""Why this exists: executions and the results of their steps, as they are read.

Rows that are ready at a later request than this one do not show yet: an execution is then still pending.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..address import link
from ..store import Row
from . import filters, ordering, paging
from .context import Context
from .fields import Resolver, bind, boolean, column, constant, global_id, not_found, relation
from .filters import (
    Condition,
    Filter,
    exact,
    flag,
    from_on,
    ids,
    is_null,
    istartswith,
    one_of,
    reference,
    up_to,
)
from .flow import flow_config
from .ids import PREFIX, from_global
from .parts import Flow, flows_of


def is_over(execution: Row, info: Any) -> bool:
    """Whether a row shows: an execution is over, or a part of one is there."""
    return bool(execution["ready"] <= info.context.requests)


def _when_over(read: Callable[[Context], str]) -> Filter:
    """A filter on what is known of an execution only when it is over."""

    def make(context: Context, value: Any) -> Condition:
        over = f"(ready <= {context.requests} AND ({read(context)}))"
        return (over if value else f"NOT {over}"), []

    return make


def _status(context: Context, value: str) -> Condition:
    pending = f"ready > {context.requests}"
    return {
        "PENDING": pending,
        "QUEUED": "0",
        "SUCCESS": f"NOT {pending} AND error IS NULL",
        "ERROR": f"NOT {pending} AND error IS NOT NULL",
    }[value], []


def _result_types(context: Context, values: list[str | None]) -> Condition:
    wanted = {value.upper() for value in values if value}
    parts = ["0"]
    if "COMPLETED" in wanted:
        parts.append(_status(context, "SUCCESS")[0])
    if "ERROR" in wanted:
        parts.append(_status(context, "ERROR")[0])
    return f"({' OR '.join(f'({part})' for part in parts)})", []


def _error_isnull(context: Context, value: bool) -> Condition:
    condition = _status(context, "ERROR")[0]
    return (f"NOT ({condition})" if value else condition), []


def of_instance(test: str, kind: str | None = None) -> Filter:
    """By what is true of the execution's instance."""

    def make(_: Context, value: Any) -> Condition | None:
        if value in (None, ""):
            return None
        found = from_global(kind, value) if kind else value
        return f"instance IN (SELECT x.id FROM instance x WHERE {test})", [found]

    return make


SAME_SEQUENCE = "x.sequence = (SELECT i.sequence FROM integration i WHERE i.id = ?)"
IN_SEQUENCE = "sequence = (SELECT i.sequence FROM integration i WHERE i.id = ?)"


def _integration(_: Context, value: str) -> Condition | None:
    return (IN_SEQUENCE, [from_global("Integration", value)]) if value else None


def _deployed(_: Context, value: bool) -> Condition:
    """An execution of a draft has no instance but the hidden one."""
    return f"flow_config IS {'' if value else 'NOT '}NULL", []


def of_kind(_: Context, value: str) -> Condition:
    """By the type of instance; here each is one of an integration."""
    return ("1" if value == "INTEGRATION" else "0"), []


_ended = _when_over(lambda _: "1")
_FILTERS: dict[str, Filter] = {
    "id": reference("id", "InstanceExecutionResult"),
    "id_In": ids("id", "InstanceExecutionResult"),
    "instance": reference("instance", "Instance"),
    "instance_Isnull": _deployed,
    "instance_IsSystem": lambda context, value: _deployed(context, bool(value)),
    "instance_Customer": of_instance("x.customer = ?", "Customer"),
    "instance_Integration": of_instance(SAME_SEQUENCE, "Integration"),
    "instance_Integration_VersionSequenceId": of_instance("x.sequence = ?"),
    "instanceType": of_kind,
    "integration": _integration,
    "integration_VersionSequenceId": exact("sequence"),
    "flow": reference("flow", "IntegrationFlow"),
    "flow_In": ids("flow", "IntegrationFlow"),
    "flowConfig": reference("flow_config", "InstanceFlowConfig"),
    "flowConfig_Flow": reference("flow", "IntegrationFlow"),
    "isTestExecution": flag("is_test"),
    "isLre": flag("0"),
    "invokeType_In": lambda _, values: one_of("invoke_type")(_, [value.upper() for value in values if value]),
    "status": _status,
    "resultType": lambda context, value: _result_types(context, [value]),
    "resultType_In": _result_types,
    "error_Isnull": _error_isnull,
    "endedAt_Isnull": lambda context, value: _ended(context, not value),
    "endedAt_Gte": from_on("ended_at"),
    "endedAt_Lte": up_to("ended_at"),
    "startedAt_Gte": from_on("created_at"),
    "startedAt_Lte": up_to("created_at"),
    "queuedAt_Gte": from_on("created_at"),
    "queuedAt_Lte": up_to("created_at"),
    "queuedAt_Isnull": lambda _, value: ("0" if value else "1", []),
    "replayForExecution_Isnull": is_null("replay_for"),
    **dict.fromkeys(
        ("resumedAt_Isnull", "retryNextAt_Isnull", "retryForExecution_Isnull"),
        lambda _, value: ("1" if value else "0", []),  # nothing is retried or resumed
    ),
    **dict.fromkeys(("retryCount", "maxRetryCount"), lambda _, value: (f"{value:d} = 0", [])),
    **dict.fromkeys(("retryCount_Gte", "maxRetryCount_Gte"), lambda _, value: (f"{value:d} <= 0", [])),
    **dict.fromkeys(("retryCount_Lte", "maxRetryCount_Lte"), lambda _, value: (f"{value:d} >= 0", [])),
    **dict.fromkeys(
        (
            "resumedAt_Gte",
            "resumedAt_Lte",
            "retryNextAt_Gte",
            "retryNextAt_Lte",
            "retryUniqueRequestId",
            "invokedBy",
        ),
        lambda *_: ("0", []),
    ),
}
_ORDER = {"ENDED_AT": "ended_at", "STARTED_AT": "created_at"}


def executions(
    info: Any, arguments: dict[str, Any], more: tuple[str, ...] = (), extra: tuple[Any, ...] = ()
) -> paging.Connection:
    """Executions by filters and further conditions; oldest first unless an order is asked for."""
    where, parameters = filters.build(info.context, _FILTERS, arguments)
    order = ordering.sql(_ORDER, arguments, "created")
    return paging.of_table(info, "execution", [*more, *where], [*extra, *parameters], order, arguments)


def _executions(_: Any, info: Any, **arguments: Any) -> paging.Connection:
    return executions(info, arguments)


def _replays(row: Row, info: Any, **arguments: Any) -> paging.Connection:
    return executions(info, arguments, ("replay_for = ?",), (row["id"],))


def by_id(table: str, kind: str, shows: Callable[[Row, Any], bool]) -> Resolver:
    """A root field that looks a row up which may not show yet."""

    def resolve(_: Any, info: Any, id: str) -> Any:
        row = info.context.store.get(table, from_global(kind, id))
        return row if row is not None and shows(row, info) else not_found(info)

    return resolve


def flow_of(context: Context, execution: Row) -> Flow | None:
    """The flow that ran, unless an import has replaced it since."""
    record = context.store.by_prefix("integration", execution["flow"][:PREFIX])
    flows = flows_of(context, record) if record else []
    return next((flow for flow in flows if flow.id == execution["flow"]), None)


def _config_of(row: Row, info: Any) -> Any:
    return flow_config(info.context, row["flow_config"]) if row["flow_config"] else None


# step results

_STEP_FILTERS: dict[str, Filter] = {
    "executionResult": reference("execution", "InstanceExecutionResult"),
    "instance": reference("instance", "Instance"),
    "stepName": exact("name"),
    "displayStepName": exact("name"),
    "hasError": flag("failed"),
    "isRootResult": flag("is_root"),
    "isLoopStep": flag("0"),
    "fromPreprocessFlow": flag("0"),
    **dict.fromkeys(("branchName", "loopPath", "loopStepName", "loopPath_Istartswith"), istartswith("''")),
    "loopStepIndex": lambda _, __: ("0", []),
    "endedAt_Gte": from_on("ended_at"),
    "endedAt_Lte": up_to("ended_at"),
    "startedAt_Gte": from_on("created_at"),
    "startedAt_Lte": up_to("created_at"),
}


def _steps(parent: Any, info: Any, **arguments: Any) -> paging.Connection:
    where, parameters = filters.build(info.context, _STEP_FILTERS, arguments)
    where.append(f"ready <= {info.context.requests}")
    if parent is not None:
        where.append("execution = ?")
        parameters.append(parent["id"])
    order = ordering.sql(_ORDER, arguments, "created")
    return paging.of_table(info, "step_result", where, parameters, order, arguments)


def _own_logs(row: Row, info: Any, **arguments: Any) -> paging.Connection:
    from .log import logs  # which imports this module

    return logs(info, arguments, ("execution = ?",), (row["id"],))


def _payload(kind: str, part: str) -> Resolver:
    return lambda row, _: link("results", kind, row["id"], part)


def _over(read: Callable[[Row], Any]) -> Resolver:
    """A field that is null until the execution is over."""
    return lambda row, info: read(row) if is_over(row, info) else None


def _status_of(row: Row, info: Any) -> str:
    if not is_over(row, info):
        return "PENDING"
    return "ERROR" if row["error"] else "SUCCESS"


def _flow_of(row: Row, info: Any) -> Flow | None:
    return flow_of(info.context, row)


def _lineage(_: Any, __: Any) -> dict[str, Any]:
    return {"hasChildren": False, "invokedBy": None}


EXECUTION: dict[str, Resolver] = {
    "id": global_id("InstanceExecutionResult"),
    "status": _status_of,
    "resultType": _over(lambda row: "ERROR" if row["error"] else "COMPLETED"),
    "error": _over(lambda row: row["error"]),
    "queuedAt": column("created_at"),
    "startedAt": column("created_at"),
    "endedAt": _over(lambda row: row["ended_at"]),
    "invokeType": column("invoke_type"),
    "isTestExecution": boolean("is_test"),
    "instance": relation("instance", "instance"),
    "instanceType": constant("INTEGRATION"),
    "integration": lambda row, info: info.context.store.get("integration", row["integration"]),
    "flow": _flow_of,
    "flowConfig": _config_of,
    "stepCount": _over(lambda row: row["step_count"]),
    "stepResults": _steps,
    "logs": _own_logs,
    "lineage": _lineage,
    "replayForExecution": relation("execution", "replay_for"),
    "replays": _replays,
    "retryAttempts": paging.empty,
    "requestPayloadUrl": _payload("execution", "request"),
    "requestPayloadMetadataUrl": _payload("execution", "request-metadata"),
    "responsePayloadUrl": _payload("execution", "response"),
    "responsePayloadMetadataUrl": _payload("execution", "response-metadata"),
    "allocatedMemoryMb": constant(1024),
    "spendMbSecs": constant(1),
    "isLre": constant(False),
    **dict.fromkeys(("canceledByExecution", "resumedAt", "retryForExecution", "retryNextAt"), constant(None)),
    **dict.fromkeys(("maxRetryCount", "retryCount"), constant(0)),
    "retryUniqueRequestId": constant(None),
    "allowRemove": constant(False),
    "allowUpdate": constant(False),
}
_STEP: dict[str, Resolver] = {
    "id": global_id("InstanceStepResult"),
    "executionResult": relation("execution", "execution"),
    "instance": relation("instance", "instance"),
    "stepName": column("name"),
    "displayStepName": column("name"),
    "stepStableKey": column("stable_key"),
    "componentActionKey": column("action"),
    "hasError": boolean("failed"),
    "isRootResult": boolean("is_root"),
    "startedAt": column("created_at"),
    "endedAt": column("ended_at"),
    "resultsUrl": _payload("step", "result"),
    "resultsMetadataUrl": _payload("step", "result-metadata"),
    **dict.fromkeys(("isLoopStep", "fromPreprocessFlow"), constant(False)),
    **dict.fromkeys(("branchName", "loopPath", "loopStepIndex", "loopStepName"), constant(None)),
    **dict.fromkeys(("loopInputsUrl", "loopInputsMetadataUrl"), constant(None)),
    "allowRemove": constant(False),
    "allowUpdate": constant(False),
}


BINDINGS = [
    bind("InstanceExecutionResult", EXECUTION),
    bind(
        "InstanceExecutionLineage", {"hasChildren": column("hasChildren"), "invokedBy": column("invokedBy")}
    ),
    bind("InstanceStepResult", _STEP),
]


def _always(_: Any, __: Any) -> bool:
    return True


ROOT: dict[str, Resolver] = {
    "executionResult": by_id("execution", "InstanceExecutionResult", _always),
    "executionResults": _executions,
    "executionSections": paging.empty,
    "stepResult": by_id("step_result", "InstanceStepResult", is_over),
    "stepResults": _steps,
}
