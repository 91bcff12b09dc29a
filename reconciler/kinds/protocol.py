"""What a kind of resource is to the rest: answers to sixteen questions as plain data. What only some kinds
can be asked is in `capabilities.py`.

A kind does no I/O and makes no decision about order, ownership or safety: `plan` and `apply` ask it how an
answer reads, what differs, which steps would mend that, what a step sends, and when it has taken effect.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from reconciler.model.address import Ref, Resolve
from reconciler.model.diagnostic import Diagnostic, Source
from reconciler.model.operation import Operation
from reconciler.model.plan import Change, Refusal, Verb
from reconciler.model.secret import Secret
from reconciler.model.state import LiveObject, Resource


class Policy(Struct, frozen=True):
    """What the project, the environment and the command line allow. Guards are shares from 0 to 1."""

    prune: bool = False
    guard_delete: float = 0.3
    guard_update: float = 0.3
    guard_minimum: int = 10
    allow_delete: bool = False
    allow_update: bool = False
    delete_strangers: bool = False
    overwrite_drafts: bool = False
    deploy_pending: bool = False
    """Whether instances may be deployed along with what people saved on them and did not deploy."""
    send_secrets: bool = False
    configured_anew: bool = False
    """Whether instances that move to another configuration were configured for it."""
    record: bool = True
    """Whether instances and customers carry the applied record as a label (`applied: label`)."""
    secret_key: Secret | None = None


class Request(Struct, frozen=True):
    """What a step is about: the project, the resource as desired, its object as last observed (None before
    it exists), and how Refs resolve.
    """

    project: str
    resource: Resource
    live: LiveObject | None
    resolve: Resolve
    policy: Policy
    attributes: Mapping[str, str] = {}
    """What is known of the commit, for a published version's attributes."""
    sent: Collection[str] = ()
    """The resource's steps that this run has sent."""


class Step(Struct, frozen=True):
    """One action of a resource, still without its edges. `name` tells two steps of one verb apart."""

    verb: Verb
    reason: str
    changes: tuple[Change, ...] = ()
    name: str = ""
    reads: int = 0
    """Queries that carrying it out is expected to take, besides the look before a resource's first step."""
    writes: int = 1
    """Mutations: none where the steps before are expected to have done it already."""


class Steps(Struct, frozen=True):
    """What would mend a resource's differences, in order, and what there is to say about it."""

    steps: tuple[Step, ...] = ()
    changes: tuple[Change, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[Diagnostic, ...] = ()

    @property
    def every_change(self) -> tuple[Change, ...]:
        """What is seen, and what the steps say that they would mend; the same field may stand in both."""
        return (*self.changes, *(change for step in self.steps for change in step.changes))


NOTHING = Steps()
"""What mends a resource that equals its manifest."""


class Kind(Protocol):
    """A kind of resource. One module each; `kinds/__init__.py` lists them in the order of dependencies."""

    name: str
    list_name: str
    page_size: int
    newest_first: bool
    """Whether `find` brings the newest object first; else the oldest."""
    declared: bool
    """Whether manifests declare such resources; else they only name what the platform provides."""
    stands_alone: bool
    """Whether its objects are managed one by one; else they are code of somebody's, or a side of others."""
    provides: tuple[Verb, ...]
    """The verbs after which the values that others refer to are known."""

    @property
    def marked(self) -> bool:
        """Whether its objects bear our mark. Else an object is a manifest's by its natural key alone, and
        never an orphan.
        """
        ...

    @property
    def has_twins(self) -> bool:
        """Whether two runs at once could each create the same resource, and a second one be told by its
        mark.
        """
        ...

    # Reading

    def list_page(self, first: int, offset: int) -> Operation:
        """Reads `first` objects from position `offset`, in order of creation."""
        ...

    def get(self, object_id: str) -> Operation:
        """Reads one object."""
        ...

    def find(self, request: Request) -> Operation:
        """Reads the objects that could be this resource already: those that bear its mark."""
        ...

    def is_own(self, live: LiveObject, request: Request) -> bool:
        """Whether an object that `find` or `glance` brought is the resource's."""
        ...

    def parse(self, node: Mapping[str, object]) -> LiveObject:
        """An answer's node as a LiveObject."""
        ...

    # Matching and referring

    def natural_key(self, resource: Resource, resolve: Resolve) -> Sequence[tuple[str, object]]:
        """What identifies an unmarked object, strongest first: pairs of a name and a comparable value."""
        ...

    def live_key(self, live: LiveObject, name: str) -> object:
        """The live side of the key `name`."""
        ...

    def adoptable(self, key: str) -> bool:
        """Whether an unmarked object found by this key is taken over rather than reported."""
        ...

    def needs(self, resource: Resource) -> Sequence[Ref]:
        """What must exist before this resource can."""
        ...

    def value(self, live: LiveObject, ref: Ref) -> object:
        """The value that a Ref names, from the object; None where it is not there (yet)."""
        ...

    def promises(self, resource: Resource, ref: Ref) -> bool:
        """Whether the value that a Ref names is there once the resource is as its manifest says."""
        ...

    # Mending

    def steps(self, request: Request, *, adopt: bool) -> Steps:
        """What would bring the object to the desired state."""
        ...

    def operation(self, step: str, verb: Verb, request: Request) -> Operation:
        """The call that carries a step out. `Verb.FORGET` takes off all that is ours, wherever the kind keeps
        it, and nothing else.
        """
        ...

    def observed(
        self, verb: Verb, node: Mapping[str, object], before: LiveObject | None = None
    ) -> LiveObject | None:
        """The object as a mutation's answer shows it; None where it must be read again. `before` is the
        object as it was until then.
        """
        ...

    def satisfied(self, step: str, verb: Verb, request: Request) -> bool:
        """Whether a step need not be sent, since the object is already as it would make it."""
        ...

    def basis(self, live: LiveObject, resource: Resource | None) -> str:
        """A digest of what a plan for `resource` may rest on (None: for its deletion). No value that is, or
        may be, a secret goes into it.
        """
        ...


def source_of(resource: Resource, path: str) -> Source:
    """Where in its file a field of a manifest stands; the manifest's own place where that is not known."""
    return resource.positions.get(f"spec.{path}", resource.source)


def address_of(resource: Resource) -> str:
    """The resource's address as text."""
    return str(resource.address)


def ignored(resource: Resource, path: str) -> bool:
    """Whether `metadata.ignore` names this field, or a field that holds it."""
    return named(path, resource.ignore)


def named(path: str, paths: Iterable[str]) -> bool:
    """Whether one of `paths` is this one, or holds it."""
    return any(path == one or path.startswith((one + ".", one + "[")) for one in paths)


_SHARED = {
    Verb.CREATE,
    Verb.UPDATE,
    Verb.ADOPT,
    Verb.FORGET,
    Verb.CONFIGURE,
    Verb.DEPLOY,
    Verb.ENABLE,
    Verb.DISABLE,
}
_ALONE = {"Integration", "User"}


def may_share(kind: Kind, verb: Verb) -> bool:
    """Whether calls of such a step may travel in one request with those for other resources: what publishes,
    imports, deletes or tests goes alone, and so does what concerns many (integrations), what people hear of
    (users), and a creation of which nobody could tell afterwards that it is ours.
    """
    if verb not in _SHARED or kind.name in _ALONE:
        return False
    return verb is not Verb.CREATE or kind.marked
