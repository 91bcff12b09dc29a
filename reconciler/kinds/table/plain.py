"""What most kinds answer alike: a kind overrides only that in which it differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from reconciler.kinds.protocol import Request
from reconciler.kinds.table.labels import own_mark
from reconciler.kinds.table.row import Row
from reconciler.model import documents
from reconciler.model.address import Ref
from reconciler.model.operation import Operation
from reconciler.model.plan import Verb
from reconciler.model.state import LiveObject, Resource


class PlainKind:
    """A kind whose objects stand by themselves, are shown whole by a page, and are ready at once.

    Its documents are those of `<name>.graphql` beside its module: the list under `list_name`, one object
    under the kind's name in lower case, and the search by mark under `find<List>`.
    """

    name = ""
    list_name = ""
    page_size = 100
    provides: tuple[Verb, ...] = (Verb.CREATE,)
    declared = True
    stands_alone = True
    newest_first = False
    fields: tuple[Row, ...] = ()
    rules: Mapping[str, object] = MappingProxyType({})
    example = ""

    def __init__(self) -> None:
        self._documents: Mapping[str, str] = documents.load(
            self.name.lower(), type(self).__module__.rpartition(".")[0]
        )

    @property
    def doc(self) -> str:
        """The class's own docstring."""
        return " ".join((type(self).__doc__ or "").split())

    @property
    def marked(self) -> bool:
        """Its objects have labels."""
        return True

    @property
    def has_twins(self) -> bool:
        """The server lets several bear one name."""
        return True

    def list_page(self, first: int, offset: int) -> Operation:
        """The list's document for one page."""
        return Operation(self.list_name, self._documents[self.list_name], {"first": first, "offset": offset})

    def get(self, object_id: str) -> Operation:
        """The document for one object."""
        name = self.name.lower()
        return Operation(name, self._documents[name], {"id": object_id})

    def find(self, request: Request) -> Operation:
        """The search by the resource's mark."""
        document = self._documents[f"find{self.list_name.capitalize()}"]
        return Operation(self.list_name, document, {"mark": own_mark(request)})

    def is_own(self, live: LiveObject, request: Request) -> bool:
        """Whether it bears the resource's mark."""
        return own_mark(request) in live.labels

    def live_key(self, live: LiveObject, name: str) -> object:
        """The field of that name."""
        return live.fields.get(name)

    def needs(self, resource: Resource) -> Sequence[Ref]:
        """It stands by itself."""
        return ()

    def value(self, live: LiveObject, ref: Ref) -> object:
        """Its id."""
        return live.id if type(ref) is Ref else None

    def promises(self, resource: Resource, ref: Ref) -> bool:
        """Its id."""
        return type(ref) is Ref
