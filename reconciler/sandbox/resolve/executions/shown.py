"""Why this exists: executions and the results of their steps, as they are read.

Rows that are ready at a later request than this one do not show yet: an execution is then still pending.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...address import link
from ...store import Row
from ..content.flows import Flow, flow_by_id, flow_config_by_id
from ..frame import filters, paging
from ..frame.context import Context
from ..frame.filters import Condition, Filter
from ..frame.kinds import Kind
from ..frame.lists import Arguments, Rows, of_parent
from ..frame.resolvers import Resolver, by_id, constants

SAME_SEQUENCE = "sequence = (SELECT i.sequence FROM integration i WHERE i.id = ?)"


def of_instance(test: str, kind: str | None = None) -> Filter:
    """By what is true of the execution's instance."""
    return filters.having(f"instance IN (SELECT x.id FROM instance x WHERE x.{test})", kind)


def is_over(row: Row, info: Any) -> bool:
    """Whether a row shows: an execution is over, or a part of one is there."""
    return bool(row["ready"] <= info.context.requests)


def ready(context: Context, _: Arguments) -> Sequence[str]:
    """What there is to show."""
    return (f"ready <= {context.requests}",)


# By what is known of an execution only when it is over.
_STATUSES = {
    "OVER": "{over}",
    "PENDING": "NOT {over}",
    "QUEUED": "0",
    "SUCCESS": "{over} AND error IS NULL",
    "ERROR": "{over} AND error IS NOT NULL",
}
_RESULTS = {"COMPLETED": "SUCCESS", "ERROR": "ERROR"}


def _status(context: Context, value: str) -> str:
    return f"({_STATUSES[value].format(over=f'ready <= {context.requests}')})"


def _result_types(context: Context, values: Sequence[str | None]) -> Condition:
    wanted = {value.upper() for value in values if value}
    tests = (_status(context, status) for name, status in _RESULTS.items() if name in wanted)
    return f"({' OR '.join(['0', *tests])})", []


def _negated(status: str) -> Filter:
    return lambda context, value: (f"{'NOT ' if value else ''}{_status(context, status)}", [])


def _deployed(_: Context, value: bool) -> Condition:
    """An execution of a draft has no instance but the hidden one."""
    return f"flow_config IS {'' if value else 'NOT '}NULL", []


def of_kind(_: Context, value: str) -> Condition:
    """By the type of instance; here each is one of an integration."""
    return ("1" if value == "INTEGRATION" else "0"), []


def _zero(*names: str) -> dict[str, Filter]:
    """Filters on counts that are always zero."""
    tests = {"": "=", "_Gte": "<=", "_Lte": ">="}

    def compared(sign: str) -> Filter:
        return lambda _, value: (f"{value:d} {sign} 0", [])

    return {f"{name}{suffix}": compared(sign) for name in names for suffix, sign in tests.items()}


_TIMES = filters.on("endedAt", startedAt="created_at")
_FILTERS: dict[str, Filter] = {
    **_TIMES,
    **filters.on(queuedAt="created_at"),
    "replayForExecution_Isnull": filters.is_null("replay_for"),
    "id": filters.reference("id", "InstanceExecutionResult"),
    "id_In": filters.ids("id", "InstanceExecutionResult"),
    "instance": filters.reference("instance", "Instance"),
    "instance_Isnull": _deployed,
    "instance_IsSystem": _deployed,
    "instance_Customer": of_instance("customer = ?", "Customer"),
    "instance_Integration": of_instance(SAME_SEQUENCE, "Integration"),
    "instance_Integration_VersionSequenceId": of_instance("sequence = ?"),
    "instanceType": of_kind,
    "integration": filters.having(SAME_SEQUENCE, "Integration"),
    "integration_VersionSequenceId": filters.exact("sequence"),
    "flow": filters.reference("flow", "IntegrationFlow"),
    "flow_In": filters.ids("flow", "IntegrationFlow"),
    "flowConfig": filters.reference("flow_config", "InstanceFlowConfig"),
    "flowConfig_Flow": filters.reference("flow", "IntegrationFlow"),
    **filters.flags(isTestExecution="is_test", isLre="0"),
    "invokeType_In": filters.upper_in("invoke_type"),
    "status": lambda context, value: (_status(context, value), []),
    "resultType": lambda context, value: _result_types(context, [value]),
    "resultType_In": _result_types,
    "error_Isnull": _negated("ERROR"),
    "endedAt_Isnull": _negated("OVER"),
    **filters.absent("resumedAt_Isnull", "retryNextAt_Isnull", "retryForExecution_Isnull"),
    **_zero("retryCount", "maxRetryCount"),
    **filters.never("resumedAt_Gte", "resumedAt_Lte", "retryNextAt_Gte", "retryNextAt_Lte"),
    **filters.never("retryUniqueRequestId", "invokedBy"),
}
_ORDER = {"STARTED_AT": "created_at"}
_STEP_FILTERS: dict[str, Filter] = {
    **_TIMES,
    "executionResult": filters.reference("execution", "InstanceExecutionResult"),
    "instance": filters.reference("instance", "Instance"),
    "stepName": filters.exact("name"),
    "displayStepName": filters.exact("name"),
    **filters.flags(hasError="failed", isRootResult="is_root", isLoopStep="0", fromPreprocessFlow="0"),
    **filters.on(branchName="''", loopPath="''", loopStepName="''"),
    **filters.never("loopStepIndex"),
}


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
    return flow_by_id(info.context, row["flow"])


EXECUTION = Kind(
    "InstanceExecutionResult",
    "execution",
    lists=Rows("execution", _FILTERS, _ORDER, "created").listed,
    fields={
        "status": _status_of,
        "resultType": _over(lambda row: "ERROR" if row["error"] else "COMPLETED"),
        "error": _over(lambda row: row["error"]),
        "queuedAt": "created_at",
        "startedAt": "created_at",
        "endedAt": _over(lambda row: row["ended_at"]),
        "isTestExecution": "is_test",
        "integration": lambda row, info: info.context.store.get("integration", row["integration"]),
        "flow": _flow_of,
        "flowConfig": lambda row, info: flow_config_by_id(info.context, row["flow_config"]),
        "stepCount": _over(lambda row: row["step_count"]),
        "stepResults": of_parent("execution"),
        "logs": of_parent("execution"),
        "lineage": lambda _, __: {"hasChildren": False, "invokedBy": None},
        "replayForExecution": "replay_for",
        "replays": of_parent("replay_for"),
        "retryAttempts": paging.empty,
        "requestPayloadUrl": _payload("execution", "request"),
        "requestPayloadMetadataUrl": _payload("execution", "request-metadata"),
        "responsePayloadUrl": _payload("execution", "response"),
        "responsePayloadMetadataUrl": _payload("execution", "response-metadata"),
        **constants("INTEGRATION", "instanceType"),
        **constants(1024, "allocatedMemoryMb"),
        **constants(1, "spendMbSecs"),
        **constants(0, "maxRetryCount", "retryCount"),
        **constants(False, "isLre", "allowRemove", "allowUpdate"),
        **constants(None, "canceledByExecution", "resumedAt", "retryForExecution", "retryNextAt"),
        **constants(None, "retryUniqueRequestId"),
    },
)
_STEP = Kind(
    "InstanceStepResult",
    "step_result",
    lists=Rows("step_result", _STEP_FILTERS, _ORDER, "created", ready).listed,
    fields={
        "executionResult": "execution",
        "stepName": "name",
        "displayStepName": "name",
        "stepStableKey": "stable_key",
        "componentActionKey": "action",
        "hasError": "failed",
        "isRootResult": "is_root",
        "startedAt": "created_at",
        "resultsUrl": _payload("step", "result"),
        "resultsMetadataUrl": _payload("step", "result-metadata"),
        **constants(False, "isLoopStep", "fromPreprocessFlow", "allowRemove", "allowUpdate"),
        **constants(None, "branchName", "loopPath", "loopStepIndex", "loopStepName"),
        **constants(None, "loopInputsUrl", "loopInputsMetadataUrl"),
    },
)
KINDS = (EXECUTION, _STEP, Kind("InstanceExecutionLineage", mapping=True))
ROOT: dict[str, Resolver] = {
    "executionSections": paging.empty,
    "stepResult": by_id("step_result", "InstanceStepResult", is_over),
}
