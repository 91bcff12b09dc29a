"""What only some kinds can be asked. Each capability is an abstract class of its own, which its kinds inherit
by name: `isinstance(kind, Uploads)` tells who has it, and the rest of the product goes on without it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from reconciler.kinds.protocol import Kind, Policy, Request, Step, Steps
from reconciler.kinds.telling import Telling
from reconciler.model.address import Address, Ref, Resolve
from reconciler.model.needs import Need
from reconciler.model.operation import Operation, Upload
from reconciler.model.plan import Verb
from reconciler.model.state import LiveObject, Resource

# Reading


class Paged(ABC):
    """Objects of which a page of the list may show a part only, such as the newest hundred versions."""

    @abstractmethod
    def queries(self, live: LiveObject) -> int:
        """How many queries read this object whole: the first, and those that `next_part` asks for."""
        ...

    @abstractmethod
    def next_part(self, node: Mapping[str, object]) -> Operation | None:
        """Reads what is left out inside this node; None where it is whole."""
        ...

    @abstractmethod
    def with_part(self, node: Mapping[str, object], part: Mapping[str, object]) -> Mapping[str, object]:
        """The node with what `next_part` read."""
        ...


class HoldsYaml(ABC):
    """Objects with fields of YAML text; what they say is put beside them as `<name>Data`."""

    yaml_fields: tuple[str, ...]


class Shown(ABC):
    """Kinds whose lists are decoded straight into the type `node`: of such there are many objects."""

    node: type[Struct]

    @abstractmethod
    def shown(self, node: Struct) -> LiveObject:
        """A node of the list that is of that type as a LiveObject."""
        ...


class SharesItsList(ABC):
    """Kinds in whose list objects of another purpose stand, too."""

    @abstractmethod
    def is_resource(self, node: Mapping[str, object]) -> bool:
        """Whether a node of the list is a resource at all."""
        ...


class PartlyProvided(ABC):
    """Kinds of which every tenant has some objects, that nobody need manage."""

    @abstractmethod
    def is_provided(self, live: LiveObject) -> bool:
        """Whether the object is one of those."""
        ...


class Glanced(ABC):
    """Objects that may bear a mark which `find` does not see."""

    @abstractmethod
    def glance(self, offset: int) -> Operation:
        """Reads what tells whose the objects are, a hundred from this position on, the newest first."""
        ...


class AskedFurther(ABC):
    """Objects of which something decides what a plan says, and no list shows it."""

    @abstractmethod
    def open_question(self, request: Request) -> Operation | None:
        """Reads one such thing; None where nothing is left to be known."""
        ...

    @abstractmethod
    def answered(self, live: LiveObject, op: Operation, found: LiveObject | None) -> LiveObject:
        """The object with what `open_question` read; None where the server has no such thing."""
        ...


# Matching and referring


class Refers(ABC):
    """Objects that tell which others they refer to."""

    @property
    @abstractmethod
    def refers(self) -> frozenset[str]:
        """The kinds of those others."""
        ...

    @abstractmethod
    def referred(self, live: LiveObject, kind: str) -> frozenset[str]:
        """The ids of the others of one kind."""
        ...


class Scoped(ABC):
    """Objects whose marks are unique only within another object."""

    @abstractmethod
    def scope(self, resource: Resource, resolve: Resolve) -> str | Ref:
        """The id of that other object; a Ref where it is not there yet."""
        ...

    @abstractmethod
    def live_scope(self, live: LiveObject) -> str:
        """The live side of `scope`."""
        ...


def scope_of(kind: Kind, resource: Resource, resolve: Resolve) -> str | Ref | None:
    """What a mark of any kind is unique within: None for the tenant, a Ref where it is not there yet."""
    return kind.scope(resource, resolve) if isinstance(kind, Scoped) else None


def live_scope_of(kind: Kind, live: LiveObject) -> str | None:
    """The live side of `scope_of`."""
    return kind.live_scope(live) if isinstance(kind, Scoped) else None


class Likens(ABC):
    """Kinds of which most objects of a plan equal their manifests, for the same reasons."""

    @abstractmethod
    def likeness(self, request: Request) -> Hashable | None:
        """What decides whether `steps` has anything to do or to say, where that can be told at a glance: it
        has nothing for either of two requests of the same likeness, or something for both.
        """
        ...


class Divides:
    """One by whose resources a project is divided into shards: what refers to one of them is in its shard."""


class KeepsUnique(ABC):
    """Objects of which no two may bear the same value in some field, in the tenant or in what `Scoped` names:
    who takes such a value has to wait for whoever gives it up.
    """

    unique: Mapping[str, str]
    """The fields, each with why it must not have a value of its own for a moment; empty where it may."""
    surely_unique: bool
    """Whether all servers insist; else some let several objects share one value."""


class NamesDeclared:
    """Kinds whose resources can name nothing that no manifest declares."""


class LookedUp(ABC):
    """Objects that others may name although no manifest declares them."""

    lookup: str
    """The field that holds the name."""

    def lookup_form(self, name: str) -> str:
        """A name in the form in which `lookup` has it: most are compared as they stand."""
        return name


class Foretells(ABC):
    """Objects of which a value changes for those who refer to it without anything being done to the object:
    a name that is only written down.
    """

    @abstractmethod
    def will_be(self, request: Request, ref: Ref) -> object:
        """The value that a Ref will have once the resource is as its manifest says; None where there
        is none.
        """
        ...


class ExplainsAbsence(ABC):
    """Kinds that can say more of a missing value than that it is not there."""

    @abstractmethod
    def why_absent(self, ref: Ref, live: LiveObject | None) -> tuple[str, str, str]:
        """Why what a Ref names is nowhere, and nothing in the plan brings it: a code, a message, a hint.
        `live` is the object of the Ref's address, where there is one.
        """
        ...


def why_absent(kind: object, ref: Ref, live: LiveObject | None) -> tuple[str, str, str]:
    """The same of any kind: a code, a message, a hint."""
    if isinstance(kind, ExplainsAbsence):
        return kind.why_absent(ref, live)
    return not_there(ref)


def not_there(ref: Ref) -> tuple[str, str, str]:
    """That neither a manifest nor the tenant has what a Ref names."""
    return (
        "not-there",
        f"{ref.address} does not exist in this tenant, and no manifest makes it",
        "correct the name, or add a manifest",
    )


class NeedsOfTenant(ABC):
    """Kinds that name things of the tenant which no Ref can: what a definition is made of."""

    @abstractmethod
    def needs_of_tenant(self, resource: Resource) -> Sequence[Need]:
        """What must be there before the resource is sent, each once."""
        ...


class Supplies(ABC):
    """Kinds whose resources are what others need of the tenant."""

    @abstractmethod
    def supplies(self, resource: Resource) -> Need:
        """What its manifest brings, or says to be there."""
        ...


# What the platform does along with it


class Tie(Struct, frozen=True):
    """What ties an object to another one: the other's kind, and which of its values tells which one it is."""

    kind: str
    by: type[Ref]

    def value(self, kind: Kind, outer: LiveObject) -> object:
        """That value of an object of this kind."""
        return kind.value(outer, self.by(Address(outer.kind, outer.id)))


class GoesWith(ABC):
    """Objects that the platform deletes along with another one."""

    lies_in: tuple[Tie, ...]
    """What it goes with."""

    @abstractmethod
    def deleted_with(self, live: LiveObject) -> Sequence[tuple[Tie, object]]:
        """For each of them that there is, what it has to do with it, and the value that tells which."""
        ...

    @abstractmethod
    def within(self, tie: Tie, value: object) -> Operation:
        """Reads the objects that have this to do with the one that the value tells, in pages."""
        ...


class Held(ABC):
    """Objects that the server deletes only once others have let go of them."""

    held_by: tuple[str, ...]
    """The kinds of those others."""


class Redeploys(ABC):
    """Kinds a step of which may have the platform deploy other objects again."""

    @abstractmethod
    def redeploys(self, resource: Resource, step: Step) -> tuple[str, tuple[Address, ...]]:
        """Which ones: their kind (empty: none), and what of these refers, near or far, to all of some
        resources.
        """
        ...


class Affects(ABC):
    """Kinds of which another version means something for the resources that take it up."""

    @abstractmethod
    def impact(self, request: Request, followers: Sequence[Request]) -> Steps:
        """What there is to say about it, or against it. It makes no step."""
        ...


class Deployed(ABC):
    """Objects whose saved changes take effect only once somebody deploys them."""

    @abstractmethod
    def waits(self, request: Request) -> str:
        """What of the object waits for a person's deploy, in words; empty where nothing does."""
        ...


class InSteps(ABC):
    """Objects that take several steps to come about, so that a run may have ended in the middle."""

    @abstractmethod
    def is_begun(self, live: LiveObject) -> bool:
        """Whether the object is no more than begun: nothing of it has taken effect yet."""
        ...


# Told as manifests


class Tells(ABC):
    """Kinds whose objects can be told as manifests would say them."""

    key_names: tuple[str, ...]
    """What may identify an object without a mark, as `live_key` takes it."""

    @abstractmethod
    def told(self, live: LiveObject, telling: Telling) -> Mapping[str, object]:
        """The spec of a manifest that asks for the object as it is. Raises Untellable."""
        ...


# Records


class Recorded(ABC):
    """Objects that remember what was applied."""

    @abstractmethod
    def baseline(self, request: Request) -> Resource:
        """The resource as its object stands live, of what the manifest mentions and no secret is: adopting it
        writes the mark and this record, and changes nothing.
        """
        ...

    @abstractmethod
    def recorded(self, live: LiveObject, policy: Policy) -> bool:
        """Whether the object has a record of what was applied, or none is kept of its kind."""
        ...


# Around a step


class Uploads(ABC):
    """Kinds with files."""

    @abstractmethod
    def uploads(self, verb: Verb, node: Mapping[str, object], request: Request) -> Sequence[Upload]:
        """The files that a mutation's answer asks for."""
        ...


class Destroys(ABC):
    """Kinds a step of which destroys what nothing could give back."""

    @abstractmethod
    def destroys(self, step: str, verb: Verb, request: Request) -> str:
        """The text that the step would destroy; empty where there is none."""
        ...


class TakenBack:
    """Objects without a mark that a run may take back once it made one, since another run made the same just
    before: whoever uses the other one has all that this one was. A person's account is no such thing.
    """

    def made_at(self, live: LiveObject) -> datetime | None:
        """When the tenant made it; None where it does not tell."""
        return live.facts.made


class Notices(ABC):
    """Objects of which a call may lose what only their state before it tells."""

    @abstractmethod
    def noticed(self, fresh: LiveObject, known: LiveObject) -> LiveObject:
        """The object as it was read again, with what was noted of it and what it has lost since."""
        ...


class FollowUp(ABC):
    """Kinds a step of which is whole only with a second call."""

    @abstractmethod
    def follow_up(self, verb: Verb, request: Request, error: Exception | None) -> Operation | None:
        """The call that must follow a step's answer (or its refusal, `error`)."""
        ...


class Readiness(ABC):
    """Kinds a step of which takes effect some time after its answer."""

    @abstractmethod
    def unready(self, verb: Verb, request: Request) -> str:
        """What is still to be waited for after a step; empty when nothing is."""
        ...


class Publishes(ABC):
    """Kinds a step of which makes something final."""

    @abstractmethod
    def noted(self, verb: Verb, node: Mapping[str, object], known: LiveObject) -> LiveObject:
        """The object as known, with what an answer tells that nothing shows later."""
        ...

    @abstractmethod
    def announced(self, verb: Verb, request: Request) -> Operation | None:
        """A call that must go before the step: should the run end right after it, the next one knows what is
        still to be brought about.
        """
        ...

    @abstractmethod
    def hastened(self, verb: Verb, request: Request) -> Operation | None:
        """A call that brings about what is waited for, where it does not come by itself."""
        ...

    @abstractmethod
    def overtaken(self, verb: Verb, request: Request) -> bool:
        """Whether what a step would make final is not what this run made ready any more."""
        ...
