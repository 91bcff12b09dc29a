"""The plan as data: what would be done, why, in which order, and what was seen but left alone."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.policy import CODES, Finding, Waivers


class Verb(StrEnum):
    """What an action does."""

    CREATE = "create"
    IMPORT = "import"
    UPDATE = "update"
    PUBLISH = "publish"
    AVAILABILITY = "availability"
    CONFIGURE = "configure"
    DEPLOY = "deploy"
    ENABLE = "enable"
    DISABLE = "disable"
    TEST = "test"
    ADOPT = "adopt"
    FORGET = "forget"
    DELETE = "delete"


MAKE_WAY = "make-way"
"""The step that gives an object a name for a moment, so that another one can have its own."""


class Cause(StrEnum):
    """Why desired and live differ: git changed, live changed, both did, or no record tells."""

    PENDING = "pending"
    DRIFT = "drift"
    BOTH = "both"
    UNKNOWN = "unknown"


class Change(Struct, frozen=True):
    """One field's value before and after. Values may be Secret, Ref or absent (None)."""

    path: str
    before: Any
    after: Any
    cause: Cause = Cause.UNKNOWN


class Requests(Struct, frozen=True):
    """Queries and mutations, as requests that are sent."""

    read: int
    write: int


class Action(Struct, frozen=True):
    """One API call with a purpose. `id` is the same in every plan of the same change; `basis` is a digest
    of what the action was planned from (empty for a creation): where it no longer fits, the action is stale.
    """

    id: str
    address: Address
    verb: Verb
    reason: str
    depends_on: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    basis: str = ""
    target: str = ""
    """The id of the live object that is acted on; empty where it does not exist yet."""
    content: str = ""
    """A digest of what the action would do and of its basis: a saved action and a new one are the same
    action if this is equal."""
    reads: int = 0
    """Queries that it is expected to take, besides the look before a resource's first action."""
    writes: int = 1
    """Mutations that it is expected to send."""

    @property
    def makes_way(self) -> bool:
        """Whether it only gives the object a name for a moment."""
        return self.id.endswith(f"#{MAKE_WAY}")


class Drift(Struct, frozen=True):
    """One field whose live value is not what was last applied, or of which nobody can tell."""

    address: Address
    path: str
    applied: Any
    live: Any
    cause: Cause = Cause.DRIFT
    is_certain: bool = True
    """Whether the tenant changed it for sure; a kind without a mark has a record of nothing, and its live
    values are held against git's.
    """


class Touched(Struct, frozen=True):
    """What a tenant tells of an object that was changed there: when it changed last, as the tenant writes it
    (empty: it does not tell), and the sentences of its log that may be about that, each with who is named
    beside it and when. Several are several candidates.
    """

    address: Address
    updated_at: str = ""
    entries: tuple[tuple[str, str, str], ...] = ()


class Fate(StrEnum):
    """What became of a resource that is missing."""

    DELETED = "deleted"
    NEVER = "never applied"


class Missing(Struct, frozen=True):
    """A resource that the tenant does not have; `why`, where that is known, and `told`, what tells of it."""

    address: Address
    why: Fate | None = None
    told: str = ""


class Stranger(Struct, frozen=True):
    """An object that nobody manages. `address` is what a manifest of it could be called."""

    address: Address
    id: str
    name: str


class Rollout(Struct, frozen=True):
    """How the instances of one InstanceSet are changed: wave after wave, each instance in exactly one, until
    more than `max_failures` have failed.
    """

    name: str
    waves: tuple[tuple[Address, ...], ...]
    max_failures: int = 0
    begun: frozenset[Address] = frozenset()
    """Those that failed, or were left halfway, when they were last tried: they are tried again first."""


class Refusal(Struct, frozen=True):
    """Why nothing must be done to the resource of `address`, or, where that is empty, why nothing of the
    plan must be carried out: what is protected, the numbers, and what lifts it (`hint`). Those of several
    resources that say the same are one finding.
    """

    code: str
    message: str
    address: str = ""
    hint: str = ""


class LeftOut(Struct, frozen=True):
    """A resource, or a deletion, of which nothing is done since that would touch, or needs, what is not to be
    touched. It is no refusal: either what was asked for is done, or the refusal stands beside it (`refused`).
    """

    address: Address
    reason: str
    refused: bool = False
    """Whether it could be done but for what is refused to others."""


class Plan(Struct, frozen=True):
    """The whole plan. `actions` stand in an order in which they could be carried out one by one."""

    project: str
    environment: str
    desired: str
    live: str
    actions: tuple[Action, ...] = ()
    drift: tuple[Drift, ...] = ()
    touched: tuple[Touched, ...] = ()
    """Who changed what drifted, and when, as far as that was asked."""
    warnings: tuple[Diagnostic, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[Diagnostic, ...] = ()
    """What is told and changes nothing: a draft that a person goes on working on."""
    unchanged: int = 0
    same: tuple[Address, ...] = ()
    """The resources that `unchanged` counts."""
    unmanaged: int = 0
    strangers: tuple[Stranger, ...] = ()
    """The objects that nobody manages: those that `unmanaged` counts."""
    missing: tuple[Address, ...] = ()
    """The resources that the tenant does not have."""
    unreadable: int = 0
    """How many objects of the tenant cannot be understood."""
    orphans: tuple[Address, ...] = ()
    """Owned live resources that no manifest names; deleted only with `prune`."""
    left_out: tuple[LeftOut, ...] = ()
    consequences: tuple[str, ...] = ()
    """What is deleted along with something else: a customer's instances."""
    rollouts: tuple[Rollout, ...] = ()
    """The sets whose instances this plan changes in waves."""
    reads: int = 0
    """Queries that carrying it out takes: planning once more, and those of the actions."""
    checksum: str = ""
    all_or_nothing: bool = False
    """Whether one refusal, of whichever resource, is a veto on all."""
    findings: tuple[Finding, ...] = ()
    """What the project's own rules say; what follows from it stands among warnings, refusals and notes."""
    waivers: Waivers = field(default_factory=Waivers)

    @property
    def unruled(self) -> Plan:
        """The plan without anything that the project's own rules say."""
        return replace(
            self,
            warnings=tuple(one for one in self.warnings if one.code not in CODES),
            refusals=tuple(one for one in self.refusals if one.code not in CODES),
            notes=tuple(one for one in self.notes if one.code not in CODES),
            findings=(),
            waivers=Waivers(),
        )

    @property
    def vetoes(self) -> tuple[Refusal, ...]:
        """Why nothing of the plan must be carried out."""
        return tuple(one for one in self.refusals if self.all_or_nothing or not one.address)

    @property
    def requests(self) -> Requests:
        """What carrying it out is expected to send, each call in a request of its own."""
        return Requests(self.reads, sum(action.writes for action in self.actions))

    @property
    def barred(self) -> Mapping[str, str]:
        """The addresses to which nothing must be done, each with why."""
        waiting = {str(one.address): f"it {one.reason}" for one in self.left_out if one.refused}
        return {**waiting, **{one.address: one.message for one in self.refusals if one.address}}
