"""Customer: unique by name and by external id in a tenant. Its labels bear mark and record."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from reconciler.kinds.capabilities import Divides, KeepsUnique, Likens, NamesDeclared, Shown
from reconciler.kinds.dated import Dated
from reconciler.kinds.protocol import Request
from reconciler.kinds.table.documents import Api, Search
from reconciler.kinds.table.kind import TabledKind
from reconciler.kinds.table.labels import own_mark
from reconciler.kinds.table.marks import is_protected
from reconciler.kinds.table.places import LABELS, Labels
from reconciler.kinds.table.row import Row
from reconciler.kinds.table.shape import KEY, NAME, TEXT
from reconciler.model.digest import sha256_of_plain
from reconciler.model.operation import Operation
from reconciler.model.state import LiveObject, Resource


class CustomerKind(TabledKind, Dated, Divides, KeepsUnique, Likens, NamesDeclared, Shown):
    """One customer."""

    name = "Customer"
    api = Api(
        "customer",
        "customers",
        where="isSystem: false",
        search=Search("labels_Contains", by_mark=True),
        sought=("labels_Contains", "name_Icontains", "externalId"),
        dated=True,
    )
    place = Labels()
    # External id first: the platform itself creates customers by it (api notes: "Customers").
    keys = (("externalId",), ("name",))
    key_is_unique = True
    has_twins = True
    unique: Mapping[str, str] = {"name": "", "externalId": "people log in by it"}
    surely_unique = True
    example = "acme"
    fields = (
        Row("name", NAME, "The display name.", "Acme Inc", required=True),
        Row("externalId", KEY, "Your own id of the customer.", "acme-42"),
        Row("description", TEXT, "A description.", "Orders since 2019"),
        LABELS,
    )

    def sought(self, by: str, text: str) -> Operation:
        """Reads the customers that bear a mark, or have a text in their name, or this external id."""
        argument = {"mark": "labels_Contains", "name": "name_Icontains"}.get(by, by)
        return Operation(self.list_name, self._documents[f"by {argument}"], {"text": text})

    def likeness(self, request: Request) -> Hashable | None:
        """One for all that are just as their manifests say: then it does not matter how that is."""
        resource, live = request.resource, request.live
        if live is None or live.facts.absent or resource.protect is not is_protected(live):
            return None
        found = live.fields
        if any([found.get(name, resource) != value for name, value in resource.fields.items()]):
            return None
        return "equal" if own_mark(request) in live.labels else None

    def basis(self, live: LiveObject, resource: Resource | None) -> str:
        """All fields and labels: none of them is a secret, or names another object."""
        return sha256_of_plain([live.id, live.fields, sorted(live.labels)])

    @property
    def groups(self) -> tuple[str, ...]:
        """Its fields: it has no secrets."""
        return tuple(row.name for row in self.fields)
