"""What a kind of resource is to the rest: a table of fields, and answers to six questions as plain data.

A kind does no I/O and makes no decision about order, ownership or safety: `plan` and `apply` ask it how an
answer reads, what differs, which steps would mend that, what a step sends, and when it has taken effect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from reconciler.model.address import Address, Ref, Resolve
from reconciler.model.diagnostic import Diagnostic, Source
from reconciler.model.operation import Operation, Upload
from reconciler.model.plan import Change, Refusal, Verb
from reconciler.model.secret import Secret
from reconciler.model.state import LiveObject, Resource


@dataclass(frozen=True, slots=True)
class Policy:
    """What the project, the environment and the command line allow. Guards are shares from 0 to 1."""

    prune: bool = False
    guard_delete: float = 0.3
    guard_update: float = 0.3
    guard_minimum: int = 10
    allow_delete: bool = False
    allow_update: bool = False
    delete_strangers: bool = False
    overwrite_drafts: bool = False
    send_secrets: bool = False
    configured_anew: bool = False
    """Whether instances that move to another configuration were configured for it."""
    record: bool = True
    """Whether instances and customers carry the applied record as a label (`applied: label`)."""
    secret_key: Secret | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What a step is about: the project, the resource as desired, its object as last observed (None before
    it exists), and how Refs resolve.
    """

    project: str
    resource: Resource
    live: LiveObject | None
    resolve: Resolve
    policy: Policy
    attributes: Mapping[str, str] = field(default_factory=dict)
    """What is known of the commit, for a published version's attributes."""


@dataclass(frozen=True, slots=True)
class Step:
    """One action of a resource, still without its edges. `name` tells two steps of one verb apart."""

    verb: Verb
    reason: str
    changes: tuple[Change, ...] = ()
    name: str = ""
    reads: int = 0
    """Queries that carrying it out is expected to take, besides the look before a resource's first step."""
    writes: int = 1
    """Mutations: none where the steps before are expected to have done it already."""


@dataclass(frozen=True, slots=True)
class Steps:
    """What would mend a resource's differences, in order, and what there is to say about it."""

    steps: tuple[Step, ...] = ()
    changes: tuple[Change, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[Diagnostic, ...] = ()


class Kind(Protocol):
    """A kind of resource. One module each; `kinds/__init__.py` lists them in the order of dependencies."""

    name: str
    list_name: str
    page_size: int
    yaml_fields: tuple[str, ...]
    """Fields of an answer that hold YAML text; what they say is put beside them as `<name>Data`."""
    provides: tuple[Verb, ...]
    """The verbs after which the values that others refer to are known."""
    declared: bool
    """Whether manifests declare such resources; else they only name what the platform provides."""
    newest_first: bool
    """Whether `find` brings the newest object first; else the oldest."""
    held_by: tuple[str, ...]
    """The kinds of whose objects the server asks that they let go of one before it can be deleted."""
    lies_in: tuple[tuple[str, str], ...]
    """The kinds with whose objects the platform deletes one, each with the name of the value (as in `value`)
    that tells which.
    """
    lookup: str
    """The field by which others may name an object that no manifest declares; empty where none may."""

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

    def called(self, name: str) -> str:
        """A name by which others name an object, in the form in which `lookup` has it."""
        ...

    def list_page(self, first: int, offset: int) -> Operation:
        """Reads `first` objects from position `offset`, in order of creation."""
        ...

    def get(self, object_id: str) -> Operation:
        """Reads one object."""
        ...

    def reads(self, live: LiveObject) -> int:
        """How many queries read this object whole: the first, and those that `rest` asks for."""
        ...

    def find(self, request: Request) -> Operation:
        """Reads the objects that could be this resource already: those that bear its mark."""
        ...

    def is_own(self, live: LiveObject, request: Request) -> bool:
        """Whether an object that `find` or `glance` brought is the resource's."""
        ...

    def glance(self, offset: int) -> Operation | None:
        """Reads what tells whose the objects are, a hundred from this position on, the newest first: where
        they may bear a mark that `find` does not see. None where there is no such place.
        """
        ...

    def rest(self, node: Mapping[str, Any]) -> Operation | None:
        """Reads what a page left out inside this node; None where it is whole."""
        ...

    def join(self, node: Mapping[str, Any], more: Mapping[str, Any]) -> Mapping[str, Any]:
        """The node with what `rest` read."""
        ...

    def concerns(self, node: Mapping[str, Any]) -> bool:
        """Whether a node of the list is a resource at all, rather than something of another purpose."""
        ...

    def parse(self, node: Mapping[str, Any]) -> LiveObject:
        """An answer's node as a LiveObject."""
        ...

    def scope(self, resource: Resource, resolve: Resolve) -> Any:
        """What a mark is unique within: None for the tenant, or the id of another object."""
        ...

    def live_scope(self, live: LiveObject) -> Any:
        """The live side of `scope`."""
        ...

    def within(self, live: LiveObject) -> Sequence[tuple[str, str, Any]]:
        """What the platform deletes the object along with: for each a kind, the name of a value of its
        objects (as in `value`), and that value.
        """
        ...

    def natural_key(self, resource: Resource, resolve: Resolve) -> Sequence[tuple[str, Any]]:
        """What identifies an unmarked object, strongest first: pairs of a name and a comparable value."""
        ...

    def live_key(self, live: LiveObject, name: str) -> Any:
        """The live side of the key `name`."""
        ...

    def adoptable(self, key: str) -> bool:
        """Whether an unmarked object found by this key is taken over rather than reported."""
        ...

    def needs(self, resource: Resource) -> Sequence[Ref]:
        """What must exist before this resource can."""
        ...

    def value(self, live: LiveObject, name: str) -> Any:
        """The value that a Ref's field names, from the object; None where it is not there (yet)."""
        ...

    def given(self, request: Request, name: str) -> Any:
        """The value that a Ref's field will have once the resource is as its manifest says, although nothing
        changes for those who refer to it: a name that is only written down. None where there is none.
        """
        ...

    def unknown(self, request: Request) -> Operation | None:
        """Reads what decides what a plan for the resource says and no list shows; None where nothing is left
        to be known.
        """
        ...

    def learned(self, live: LiveObject, op: Operation, found: LiveObject | None) -> LiveObject:
        """The object with what the operation of `unknown` read; None where the server has no such thing."""
        ...

    def baseline(self, request: Request) -> Resource:
        """The resource as its object stands live, of what the manifest mentions and no secret is: adopting it
        writes the mark and this record, and changes nothing.
        """
        ...

    def recorded(self, request: Request) -> bool:
        """Whether the object has a record of what was applied, or none is kept of its kind."""
        ...

    def promises(self, resource: Resource, name: str) -> bool:
        """Whether the value that a Ref's field names is there once the resource is as its manifest says."""
        ...

    def absent(self, ref: Ref, live: LiveObject | None) -> tuple[str, str, str]:
        """Why what a Ref names is nowhere, and nothing in the plan brings it: a code, a message, a hint.
        `live` is the object of the Ref's address, where there is one.
        """
        ...

    def steps(self, request: Request, *, adopt: bool) -> Steps:
        """What would bring the object to the desired state."""
        ...

    def redeploys(self, resource: Resource, step: Step) -> tuple[str, tuple[Address, ...]]:
        """Which other objects a step has the platform deploy again: their kind (empty: none), and what of
        these refers, near or far, to all of some resources.
        """
        ...

    def operation(self, step: str, verb: Verb, request: Request) -> Operation:
        """The call that carries a step out. `Verb.FORGET` takes off all that is ours, wherever the kind keeps
        it, and nothing else.
        """
        ...

    def uploads(self, verb: Verb, node: Mapping[str, Any], request: Request) -> Sequence[Upload]:
        """The files that a mutation's answer asks for."""
        ...

    def observed(
        self, verb: Verb, node: Mapping[str, Any], before: LiveObject | None = None
    ) -> LiveObject | None:
        """The object as a mutation's answer shows it; None where it must be read again. `before` is the
        object as it was until then.
        """
        ...

    def noted(self, verb: Verb, node: Mapping[str, Any]) -> Mapping[str, Any]:
        """What an answer tells that nothing shows later, as facts."""
        ...

    def satisfied(self, step: str, verb: Verb, request: Request) -> bool:
        """Whether a step need not be sent, since the object is already as it would make it."""
        ...

    def destroys(self, step: str, verb: Verb, request: Request) -> str:
        """The text that a step would destroy and that nothing could give back; empty where there is none."""
        ...

    def unready(self, verb: Verb, request: Request) -> str:
        """What is still to be waited for after a step; empty when nothing is."""
        ...

    def hastened(self, verb: Verb, request: Request) -> Operation | None:
        """A call that brings about what is waited for, where it does not come by itself."""
        ...

    def overtaken(self, verb: Verb, request: Request) -> bool:
        """Whether what a step would make final is not what this run made ready any more."""
        ...

    def follow_up(self, verb: Verb, request: Request, error: Exception | None) -> Operation | None:
        """A call that must follow a step's answer (or its refusal, `error`) to make it whole."""
        ...

    def impact(self, request: Request, followers: Sequence[Request]) -> Steps:
        """What there is to say about, or against, resources taking up another version. It makes no step."""
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
