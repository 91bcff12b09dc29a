"""Customer: name, external id, description, labels. Unique by name and by external id in a tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.kinds.applied import Layout, label, memory
from reconciler.kinds.base import Request, Resolve, Step, Steps, address_of
from reconciler.kinds.labelled import (
    creation,
    denied,
    digests_of,
    label_changes,
    labels_left,
    labels_to_write,
    mark_changes,
    people,
    plain,
    scalar_changes,
    to_send,
)
from reconciler.kinds.plain import PlainKind
from reconciler.model.digest import sha256
from reconciler.model.operation import Operation
from reconciler.model.plan import Verb
from reconciler.model.state import LiveObject, Resource

PLAIN = ("name", "externalId", "description")
EMPTY = {"externalId": "", "description": "", "name": ""}
LAYOUT = Layout(("name", "externalId", "description", "labels"))


class CustomerKind(PlainKind):
    """The field table and the calls of `Customer`."""

    name = "Customer"
    list_name = "customers"

    def parse(self, node: Mapping[str, Any]) -> LiveObject:
        """A customer as the API shows it; an external id of "" and none are the same."""
        labels = frozenset(node.get("labels") or ())
        record = memory(LAYOUT, labels, (), ())
        return LiveObject(
            kind=self.name,
            id=node["id"],
            fields={
                "name": node["name"],
                "externalId": node.get("externalId") or "",
                "description": node.get("description") or "",
                "labels": people(labels),
            },
            labels=labels,
            facts={"older": record.older},
            applied=record.applied,
            denied=denied(node),
        )

    def natural_key(self, resource: Resource, resolve: Resolve) -> Sequence[tuple[str, Any]]:
        """External id first: the platform itself creates customers by it (api notes: "Customers")."""
        keys = [("externalId", resource.fields.get("externalId")), ("name", resource.fields.get("name"))]
        return [(key, value) for key, value in keys if value]

    def adoptable(self, key: str) -> bool:
        """Both keys are unique in a tenant, so a second customer could not be created anyway."""
        return True

    def steps(self, request: Request, *, adopt: bool) -> Steps:
        """One call mends everything: create, update, or adopt with what differs."""
        if request.live is None:
            made = creation(request.resource, (*PLAIN, "labels"))
            return Steps((Step(Verb.CREATE, "does not exist", made, reads=1),))
        changes = (*scalar_changes(request, PLAIN, EMPTY), *label_changes(request), *mark_changes(request))
        if not changes:
            return Steps()
        verb = Verb.ADOPT if adopt else Verb.UPDATE
        reason = "exists without an owner" if adopt else "differs from the manifest"
        return Steps((Step(verb, reason, changes),), changes)

    def operation(self, step: str, verb: Verb, request: Request) -> Operation:
        """createCustomer, updateCustomer (with all that differs, or the labels that stay), deleteCustomer."""
        fields = request.resource.fields
        if verb is Verb.DELETE:
            return self._mutation("deleteCustomer", {"id": _id(request)}, request)
        if verb is Verb.FORGET:
            left = {"id": _id(request), "labels": labels_left(request)}
            return self._mutation("updateCustomer", left, request)
        values: dict[str, Any] = {n: plain(fields[n], EMPTY, n) for n in to_send(request, PLAIN)}
        values["labels"] = labels_to_write(request, self._record(request))
        if verb is Verb.CREATE:
            return self._mutation("createCustomer", values, request)
        return self._mutation("updateCustomer", {"id": _id(request), **values}, request)

    def observed(
        self, verb: Verb, node: Mapping[str, Any], before: LiveObject | None = None
    ) -> LiveObject | None:
        """The answer shows the whole customer."""
        return None if verb is Verb.DELETE else self.parse(node)

    def satisfied(self, step: str, verb: Verb, request: Request) -> bool:
        """Whether the customer already is as the manifest says; for its creation, whether it exists."""
        if request.live is None or verb is Verb.DELETE:
            return False
        if verb is Verb.FORGET:
            return set(labels_left(request)) == request.live.labels
        return verb is Verb.CREATE or not self.steps(request, adopt=False).steps

    def basis(self, live: LiveObject, resource: Resource | None) -> str:
        """All fields and labels."""
        return sha256([live.id, live.fields, sorted(live.labels)])

    def _record(self, request: Request) -> str:
        fields = request.resource.fields
        values = {name: plain(fields[name], EMPTY, name) for name in to_send(request, PLAIN)}
        if to_send(request, ("labels",)):
            values["labels"] = people(fields["labels"])
        return label(LAYOUT, digests_of(request, values), None, (), None)

    def _mutation(self, name: str, values: Mapping[str, Any], request: Request) -> Operation:
        return Operation(
            name,
            self._documents[name],
            {"input": values},
            result="customer",
            repeatable=name != "createCustomer",
            address=address_of(request.resource),
        )


def _id(request: Request) -> str:
    assert request.live is not None
    return request.live.id
