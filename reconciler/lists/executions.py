"""The list of executions: with as many filters as columns, since there are very many of them."""

from __future__ import annotations

from typing import Any

from reconciler.lists.listing import Filter, Listing
from reconciler.lists.parts import ID, between, column, flag


def _invoked_by(text: str) -> dict[str, Any]:
    """`ID@STARTED_AT` as the API's input: it wants both."""
    identifier, _, started = text.partition("@")
    return {"id": identifier, "startedAt": started}


def _counts(name: str, option: str, what: str) -> tuple[Filter, ...]:
    return tuple(
        Filter(f"{name}{side}", f"--{option}{word}", "Int", f"{what} {rest}.")
        for side, word, rest in (
            ("", "", "of exactly so many"),
            ("_Gte", "-from", "of so many or more"),
            ("_Lte", "-to", "of so many or fewer"),
        )
    )


_RESULTS = ("COMPLETED", "ERROR", "POLLED_NO_CHANGES", "CANCELED_AS_DUPLICATE")

EXECUTIONS = Listing(
    "executions",
    "execution",
    "Executions of flows, the newest first. NAME is an execution's id.",
    "executionResults",
    (
        ID,
        column("started", "startedAt", moment=True, shown=True),
        column("status", shown=True),
        column("instance", "instance { name }", shown=True),
        column("flow", "flow { name }", shown=True),
        column("stepCount", shown=True),
        column("customer", "instance { customer { name } }"),
        column("integration", "integration { name }"),
        column("version", "integration { versionNumber }"),
        column("result", "resultType"),
        column("error"),
        column("invokedBy", "invokeType"),
        column("test", "isTestExecution"),
        column("longRunning", "isLre"),
        column("queuedAt", moment=True),
        column("endedAt", moment=True),
        column("retries", "retryCount"),
        column("memoryMb", "allocatedMemoryMb"),
        column("instanceId", "instance { id }"),
        column("customerId", "instance { customer { id } }"),
        column("integrationId", "integration { versionSequenceId }", sequence=True),
        column("versionId", "integration { id }"),
        column("flowId", "flow { id }"),
        column("flowConfigId", "flowConfig { id }"),
    ),
    (
        Filter("instance", "--instance", "ID", "Of this instance: a name or an id.", "instances"),
        Filter("instance_Customer", "--customer", "ID", "Of this customer: a name or an id.", "customers"),
        Filter(
            "integration",
            "--integration",
            "ID",
            "Of this integration, all versions: a name or an id.",
            "integrations",
            by_sequence="integration_VersionSequenceId",
        ),
        Filter(
            "integration_VersionSequenceId",
            "--version-sequence",
            "UUID",
            "Of the integration with this one.",
            "integrations",
        ),
        Filter(
            "flow",
            "--flow",
            "ID",
            "Of this flow: an id; or a name, beside --instance or --integration.",
        ),
        Filter(
            "status",
            "--status",
            "ExecutionStatus",
            "How far it is.",
            choices=("QUEUED", "PENDING", "SUCCESS", "ERROR"),
        ),
        Filter(
            "resultType",
            "--result",
            "String",
            "How it ended.",
            choices=_RESULTS,
        ),
        Filter(
            "resultType_In",
            "--result-in",
            "[String]",
            "Ended in one of these ways. Repeatable.",
            choices=_RESULTS,
        ),
        flag("error_Isnull", "--without-error/--with-error", "Without an error, or with one."),
        *between("startedAt", "started", "Started"),
        *between("endedAt", "ended", "Ended"),
        flag("endedAt_Isnull", "--running/--ended", "Still under way, or over."),
        *between("queuedAt", "queued", "Queued"),
        flag("queuedAt_Isnull", "--never-queued/--was-queued", "By whether it had to queue."),
        flag("isTestExecution", "--test/--no-test", "A test, or not."),
        Filter(
            "invokeType_In",
            "--invoke-type",
            "[String]",
            "Begun so: WEBHOOK, SCHEDULED, INTEGRATION_FLOW_TEST and others. Repeatable.",
        ),
        flag("isLre", "--long-running/--no-long-running", "Long-running, or not."),
        flag("instance_IsSystem", "--system/--no-system", "Of the designer's hidden instances for tests."),
        flag(
            "instance_Isnull", "--without-instance/--with-instance", "Of a draft's test, or of an instance."
        ),
        Filter(
            "instanceType",
            "--type",
            "InstanceType",
            "Of an integration or a workflow.",
            choices=("INTEGRATION", "WORKFLOW"),
        ),
        Filter("instance_Integration", "--instance-integration", "ID", "Of instances of it.", "integrations"),
        Filter(
            "instance_Integration_VersionSequenceId",
            "--instance-version-sequence",
            "UUID",
            "Of instances of the integration with this one.",
            "integrations",
        ),
        Filter(
            "flowConfig",
            "--flow-config",
            "ID",
            "Of a flow in one instance, by the id of its settings.",
            "flow settings",
        ),
        Filter("flowConfig_Flow", "--flow-config-flow", "ID", "Of a flow in any instance, by the flow's id."),
        Filter("flow_In", "--flow-in", "[ID]", "Of one of these flows, by id. Repeatable."),
        Filter("id", "--execution", "ID", "With this id.", "executions"),
        Filter("id_In", "--id", "[ID]", "With one of these ids. Repeatable.", "executions"),
        Filter(
            "invokedBy",
            "--invoked-by",
            "ExecutionInvokedByInput",
            "Begun by this execution: its id and when it started, as ID@2025-11-24T18:00:00Z.",
            read=_invoked_by,
        ),
        flag("replayForExecution_Isnull", "--no-replays/--replays", "Replays of another one, or not."),
        flag("retryForExecution_Isnull", "--no-retries/--retries", "Retries of another one, or not."),
        *_counts("retryCount", "retry-count", "Retries"),
        *_counts("maxRetryCount", "max-retry-count", "Allowed retries"),
        *between("retryNextAt", "retry-next", "To be retried"),
        flag("retryNextAt_Isnull", "--no-retry-due/--retry-due", "With a retry to come, or without."),
        Filter("retryUniqueRequestId", "--retry-request", "String", "Of this unique request."),
        *between("resumedAt", "resumed", "Resumed"),
        flag("resumedAt_Isnull", "--never-resumed/--was-resumed", "By whether it was suspended and resumed."),
    ),
    single="executionResult",
    named="id",
    name="id",
    node="InstanceExecutionResult",
    sort="[{field: STARTED_AT, direction: DESC}]",
)
