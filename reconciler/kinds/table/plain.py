"""What most kinds answer alike: a kind overrides only that in which it differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from reconciler.kinds.protocol import Request, Step, Steps
from reconciler.kinds.table.labels import own_mark
from reconciler.kinds.table.row import Row
from reconciler.model import documents
from reconciler.model.address import Address, Ref, Resolve
from reconciler.model.operation import Operation, Upload
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
    structural: tuple[str, ...] = ()
    yaml_fields: tuple[str, ...] = ()
    provides: tuple[Verb, ...] = (Verb.CREATE,)
    declared = True
    newest_first = False
    held_by: tuple[str, ...] = ()
    lies_in: tuple[tuple[str, str], ...] = ()
    fields: tuple[Row, ...] = ()
    rules: Mapping[str, Any] = MappingProxyType({})
    example = ""
    lookup = ""

    def __init__(self) -> None:
        self._documents = documents.load(self.name.lower(), type(self).__module__.rpartition(".")[0])

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

    def called(self, name: str) -> str:
        """The name itself."""
        return name

    def list_page(self, first: int, offset: int) -> Operation:
        """The list's document for one page."""
        return Operation(self.list_name, self._documents[self.list_name], {"first": first, "offset": offset})

    def get(self, object_id: str) -> Operation:
        """The document for one object."""
        name = self.name.lower()
        return Operation(name, self._documents[name], {"id": object_id})

    def reads(self, live: LiveObject) -> int:
        """One."""
        return 1

    def find(self, request: Request) -> Operation:
        """The search by the resource's mark."""
        document = self._documents[f"find{self.list_name.capitalize()}"]
        return Operation(self.list_name, document, {"mark": own_mark(request)})

    def is_own(self, live: LiveObject, request: Request) -> bool:
        """Whether it bears the resource's mark."""
        return own_mark(request) in live.labels

    def glance(self, offset: int) -> Operation | None:
        """A mark stands in labels alone."""
        return None

    def rest(self, node: Mapping[str, Any]) -> Operation | None:
        """A page shows all of it."""
        return None

    def join(self, node: Mapping[str, Any], more: Mapping[str, Any]) -> Mapping[str, Any]:
        """Nothing is left out, so nothing is added."""
        return node

    def concerns(self, node: Mapping[str, Any]) -> bool:
        """All of them are."""
        return True

    def within(self, live: LiveObject) -> Sequence[tuple[str, str, Any]]:
        """It goes with nothing else."""
        return ()

    def scope(self, resource: Resource, resolve: Resolve) -> Any:
        """Marks are unique in the whole tenant."""
        return None

    def live_scope(self, live: LiveObject) -> Any:
        """Marks are unique in the whole tenant."""
        return None

    def live_key(self, live: LiveObject, name: str) -> Any:
        """The field of that name."""
        return live.fields.get(name)

    def needs(self, resource: Resource) -> Sequence[Ref]:
        """It stands by itself."""
        return ()

    def value(self, live: LiveObject, name: str) -> Any:
        """`id`, or the field of that name."""
        return live.id if name == "id" else live.fields.get(name)

    def given(self, request: Request, name: str) -> Any:
        """Nothing."""
        return None

    def unknown(self, request: Request) -> Operation | None:
        """The lists show all."""
        return None

    def learned(self, live: LiveObject, op: Operation, found: LiveObject | None) -> LiveObject:
        """Nothing was asked for."""
        return live

    def baseline(self, request: Request) -> Resource:
        """What it refers to alone."""
        resource = request.resource
        return replace(resource, fields={k: v for k, v in resource.fields.items() if k in self.structural})

    def recorded(self, request: Request) -> bool:
        """Where the environment keeps one, whether it is there."""
        return not request.policy.record or bool(request.live and request.live.applied)

    def promises(self, resource: Resource, name: str) -> bool:
        """`id`."""
        return name == "id"

    def redeploys(self, resource: Resource, step: Step) -> tuple[str, tuple[Address, ...]]:
        """None."""
        return "", ()

    def uploads(self, verb: Verb, node: Mapping[str, Any], request: Request) -> Sequence[Upload]:
        """It has no files."""
        return ()

    def destroys(self, step: str, verb: Verb, request: Request) -> str:
        """Manifests can give all of it back."""
        return ""

    def absent(self, ref: Ref, live: LiveObject | None) -> tuple[str, str, str]:
        """Neither a manifest nor the tenant has it."""
        return (
            "not-there",
            f"{ref.address} does not exist in this tenant, and no manifest makes it",
            "correct the name, or add a manifest",
        )

    def unready(self, verb: Verb, request: Request) -> str:
        """It is ready at once."""
        return ""

    def noted(self, verb: Verb, node: Mapping[str, Any]) -> Mapping[str, Any]:
        """Nothing."""
        return {}

    def hastened(self, verb: Verb, request: Request) -> Operation | None:
        """It comes by itself."""
        return None

    def overtaken(self, verb: Verb, request: Request) -> bool:
        """Nothing becomes final."""
        return False

    def follow_up(self, verb: Verb, request: Request, error: Exception | None) -> Operation | None:
        """Nothing follows."""
        return None

    def impact(self, request: Request, followers: Sequence[Request]) -> Steps:
        """Nothing runs on it."""
        return Steps()
