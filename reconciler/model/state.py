"""The two sides that a plan compares: what the manifests ask for, and what a tenant holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any, Protocol

from msgspec import Struct

from reconciler.model.address import Address
from reconciler.model.diagnostic import Source
from reconciler.model.digest import Canonical
from reconciler.model.plan import Rollout


@dataclass(frozen=True, slots=True)
class Bundle(Canonical):
    """A built code-native integration: its package, the package's SHA-1, and the input of its publish.
    `icons` are the pictures that the input names, `secrets` the names of those that are put into it.
    """

    signature: str
    package: bytes = field(repr=False)
    described: Mapping[str, Any] = field(repr=False)
    icons: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = ()

    def canonical(self) -> Any:
        """The signature, which stands for all files."""
        return {"$bundle": self.signature}


class Resource(Struct, frozen=True):
    """One resource that the manifests ask for.

    `fields` holds only what the manifest mentions (what it does not mention is left alone):

    - Integration: name, description, category, labels, definition, release, comment, available
    - Component: key, bundle (Bundle); made from an Integration's manifest
    - Customer: name, externalId, description, labels
    - Instance: customer (Address), integration (Address), release, name, description, enabled, labels,
      config (by key), flows (by the flow's name), tests

    Values may be Secret. `labels` are those of `metadata`, for selection; `positions` maps a field's path
    (`spec.config.Channel`) to its place in the file.
    """

    address: Address
    fields: Mapping[str, Any]
    labels: Mapping[str, str] = {}
    protect: bool = False
    ignore: tuple[str, ...] = ()
    was: tuple[str, ...] = ()
    source: Source = Source("")
    positions: Mapping[str, Source] = {}
    part_of: Address | None = None
    """The resource whose manifest it is made from, where it has none of its own."""
    sensitive: tuple[str, ...] = ()
    """Paths of fields that are secrets without a source of their own."""

    @property
    def kind(self) -> str:
        """The kind's name, such as `Customer`."""
        return self.address.kind


class Desired(Struct, frozen=True):
    """All that the manifests ask for in one environment, by address, in a stable order. Those that are
    `sealed` hold secrets which were still to be read when they were loaded.
    """

    project: str
    environment: str
    resources: Mapping[Address, Resource]
    digest: str = ""
    rollouts: tuple[Rollout, ...] = ()
    sealed: tuple[Address, ...] = ()


class Version(Struct, frozen=True):
    """One published version of an integration. `release` is our name for it, where it bears one; `definition`
    and `observed` are the digests of what it was made from, and of the draft that was published, where we
    published it; `offered` says that it was published to be chosen.
    """

    id: str
    number: int
    available: bool
    release: str | None = None
    comment: str = ""
    definition: str = ""
    observed: str = ""
    offered: bool = False


class How(IntEnum):
    """How a value that may be a secret was last written, or found equal to git's."""

    PLAIN = 1
    SECRET = 2
    PARTS = 3
    """Part by part, as a connection's inputs are: none of them is ever shown."""


class Written(Struct, frozen=True):
    """What our record says of one key. `digest` holds the first digits of its value's, where there is room
    for them; no secret enters it.
    """

    how: How
    digest: str = ""


class Record(Protocol):
    """Our record on an object. It is read only when it is asked: nobody asks of what equals its manifest."""

    @property
    def memory(self) -> Memory:
        """What it says."""
        ...

    @property
    def is_there(self) -> bool:
        """Whether it says of any group of fields what was written."""
        ...


class Memory(Struct, frozen=True):
    """What a record says: the digests of groups, and how each key was written (None: not recorded); of the
    keys in `unsaid` it says nothing for want of room. `older` says that there is one of an earlier version.
    """

    applied: Mapping[str, str] = {}
    written: Mapping[str, Written] | None = None
    older: bool = False
    unsaid: frozenset[str] = frozenset()

    @property
    def memory(self) -> Memory:
        """A record that was read already."""
        return self

    @property
    def is_there(self) -> bool:
        """Whether it has any group."""
        return bool(self.applied)


class Facts(Struct, frozen=True, kw_only=True):
    """What an answer shows of an object beside its fields; kinds of which more is shown have types of their
    own. `mark` and `protect` are remembered apart from its labels. `made` is when it was made; None where the
    kind does not ask, or the tenant does not tell.
    `absent` are the fields that the tenant does not know, level by level: neither null nor empty.
    """

    mark: str | None = None
    protect: bool = False
    made: datetime | None = None
    absent: frozenset[tuple[str, ...]] = frozenset()


_NO_FACTS = Facts()


class Notes(Struct, frozen=True):
    """What a run came to know of an object, and no answer shows: each kind has its own. It stays noted when
    the object is read again.
    """


class LiveObject(Struct, frozen=True):
    """One object of the tenant.

    `fields` uses the same names and forms as a manifest's, so that the two can be compared; `facts` holds
    what only the server decides (needsDeploy, deployedVersion, …); `labels` are all labels, ours included;
    `record` is ours: of it `applied` are, for each group of fields, the digest of what was last written, and
    `written` the same for single keys by their paths (`config.Channel`), None where there is no record of
    them. Secret values are Secret here too, from the moment the answer is parsed, and what may be one is
    Unproven.
    """

    kind: str
    id: str
    fields: Mapping[str, Any]
    labels: frozenset[str] = frozenset()
    facts: Facts = _NO_FACTS
    versions: tuple[Version, ...] = ()
    record: Record = Memory()
    denied: tuple[str, ...] = ()
    notes: Notes | None = None

    @property
    def applied(self) -> Mapping[str, str]:
        """The groups of the record."""
        return self.record.memory.applied

    @property
    def written(self) -> Mapping[str, Written] | None:
        """Its keys."""
        return self.record.memory.written

    @property
    def title(self) -> str:
        """What people are told that it is: its kind, its name and its id."""
        return f'{self.kind.lower()} "{self.fields.get("name", "")}" ({self.id})'


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An object of the tenant that cannot be understood, and why. `marks` are the marks in it, None where
    even they cannot be read; `texts` are some of its values: its names, and what it belongs to.
    """

    kind: str
    id: str
    reason: str
    marks: frozenset[str] | None = None
    texts: frozenset[str] = field(default_factory=frozenset, repr=False)

    def __str__(self) -> str:
        return f"{self.kind.lower()} {self.id or '(without an id)'}"


class Live(Struct, frozen=True):
    """A consistent snapshot of a tenant: its objects by kind, each kind in the order of creation. The tenant
    refused to list the kinds that are `unread`; what is `unreadable` is among no kind's objects.
    """

    tenant: str
    objects: Mapping[str, tuple[LiveObject, ...]]
    requests: int = 0
    spared: int = 0
    """How many requests more it would have been to read all of it."""
    vague: frozenset[str] = frozenset()
    """The ids of objects of which it is not known what may be a secret: something else stands there."""
    unread: tuple[str, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    beside: Mapping[str, tuple[LiveObject, ...]] = {}
    """The objects of kinds that the plan is not about, read since a deletion may take them along."""
    partial: frozenset[str] = frozenset()
    """The kinds of which only what a selection takes was read, be that nothing."""
    owned_beside: int = 0
    """How many objects beside these are known to be the project's."""

    @property
    def whole(self) -> Mapping[str, tuple[LiveObject, ...]]:
        """All that was read, by kind."""
        return {**self.beside, **self.objects}

    def by_id(self) -> dict[str, LiveObject]:
        """The objects of all kinds, each under its id; of two that share one, such as an integration and its
        listing, that of the kind that was read first.
        """
        found: dict[str, LiveObject] = {}
        for one in (one for objects in self.whole.values() for one in objects):
            found.setdefault(one.id, one)
        return found
