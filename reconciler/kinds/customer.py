"""Customer: unique by name and by external id in a tenant. Its labels bear mark and record."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.kinds.capabilities import Divides, KeepsUnique
from reconciler.kinds.dated import Dated
from reconciler.kinds.table.documents import Api, Search
from reconciler.kinds.table.kind import TabledKind
from reconciler.kinds.table.places import LABELS, Labels
from reconciler.kinds.table.row import Row
from reconciler.kinds.table.shape import KEY, NAME, TEXT
from reconciler.model.operation import Operation


class CustomerKind(TabledKind, Dated, KeepsUnique, Divides):
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

    @property
    def groups(self) -> tuple[str, ...]:
        """Its fields: it has no secrets."""
        return tuple(row.name for row in self.fields)
