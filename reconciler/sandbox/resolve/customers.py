"""Why this exists: customers, as they are read, created, changed and deleted."""

from __future__ import annotations

from typing import Any

from ..store import Row
from .frame import filters, paging, rows
from .frame.context import Context
from .frame.errors import RefusedError
from .frame.inputs import Columns, as_given, filled, flag, into, refuse_attachments, text, with_labels
from .frame.kinds import Kind
from .frame.lists import ALL, Rows, of_parent
from .frame.mutation import Run
from .frame.resolvers import constants
from .frame.rows import target
from .instances.shown import without_system
from .integrations.changed import remove
from .users.organization import organization

_FILTERS = {
    **filters.on("name", "externalId", "description"),
    **filters.flags("isSystem", allowEmbeddedDesigner="embedded_designer"),
    **filters.LABELS,
    **filters.TIMES,
}
_ORDER = {
    "CONCURRENT_EXECUTION_LIMIT": "execution_limit",
    "CONCURRENCY_REJECTIONS": "NULL",  # nothing ran, so nothing was rejected
}
_COLUMNS: Columns = {
    **into(filled, "name"),
    **into(text, "description"),
    **into(as_given, "externalId", "avatarUrl", concurrentExecutionLimit="execution_limit"),
    **into(flag, "starred", allowEmbeddedDesigner="embedded_designer"),
    **into(flag, allowWorkflowCopilot="workflow_copilot"),
}


def _changes(context: Context, given: dict[str, Any], before: Row | None) -> Row:
    """The columns to set; names and external ids that another customer has are refused."""
    if before is not None:
        refuse_attachments(given)
    changes = with_labels(context, _COLUMNS, given)
    if changes.get("external_id") == "" and context.rules["empty_external_id"] == "null":
        changes["external_id"] = None
    own = before["id"] if before else ""
    for column, field in (("name", "name"), ("external_id", "externalId")):
        refusal = (field, f"Customer with this {field} already exists.")
        rows.once(context, "customer", column, changes.get(column), own, refusal)
    return changes if before else {"description": "", "labels": "[]", **changes}


def _delete(context: Context, given: dict[str, Any]) -> Row:
    """Instances go with their customer, and so do the integrations that are its own."""
    row = target(context, "customer", "Customer", given)
    if row["is_system"]:
        raise RefusedError("__all__", "A system customer cannot be deleted.")
    for draft in context.store.select("integration", ["customer = ?", "is_draft"], [row["id"]]):
        remove(context, draft["sequence"])
    context.store.delete("instance", "customer", row["id"])
    context.store.delete("customer", "id", row["id"])
    return row


KINDS = (
    Kind(
        "Customer",
        "customer",
        lists=Rows("customer", _FILTERS, _ORDER, shown=without_system).listed,
        fields={
            "allowEmbeddedDesigner": "embedded_designer",
            "allowWorkflowCopilot": "workflow_copilot",
            "concurrentExecutionLimit": "execution_limit",
            "credentials": paging.empty,
            "components": ALL,
            "instances": of_parent("customer"),
            "integrations": of_parent("customer"),
            "users": of_parent("customer"),
            "org": organization,
            "attachments": lambda _, __: [],
            **constants(False, "allowEmbeddedWorkflowBuilder"),
        },
    ),
)
MUTATIONS: dict[str, Run] = {
    "createCustomer": rows.creation("customer", _changes),
    "updateCustomer": rows.updating("Customer", "customer", _changes),
    "deleteCustomer": _delete,
}
