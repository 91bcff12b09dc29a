"""Workflow: what people built for one customer beside the instances of integrations. The API lists both as
instances, of two types. Nobody declares one; it is known since it goes along with its customer.
"""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.kinds.capabilities import GoesWith, Tie
from reconciler.kinds.table.documents import Api
from reconciler.kinds.table.kind import TabledKind
from reconciler.kinds.table.row import Row
from reconciler.kinds.user import CUSTOMER
from reconciler.model.operation import Operation
from reconciler.model.state import LiveObject


class WorkflowKind(TabledKind, GoesWith):
    """A workflow of one customer."""

    name = "Workflow"
    api = Api(
        "instance",
        "instances",
        where="isSystem: false, instanceType: WORKFLOW",
        search=None,
        allows=(),
        mutations=(),
        within="customer",
    )
    declared = False
    lies_in: tuple[Tie, ...] = (CUSTOMER,)
    fields = (Row("name"), Row("customer", refers="Customer"))

    def deleted_with(self, live: LiveObject) -> Sequence[tuple[Tie, object]]:
        """The customer whose workflow it is (api notes: "Customers")."""
        return [(CUSTOMER, customer) for customer in live.fields["customer"]]

    def within(self, tie: Tie, value: object) -> Operation:
        """The workflows of a customer."""
        return Operation(self.list_name, self._documents["within"], {"outer": value})
