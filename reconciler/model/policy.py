"""A project's own rules as data, and what they find in a plan."""

from __future__ import annotations

from datetime import datetime, time
from enum import StrEnum

from msgspec import Struct, field

from reconciler.model.diagnostic import Source

WHOLE = "plan"
ACTION = "action"
RESOURCE = "resource"
"""What a rule is asked of: the plan as one, each of its actions, each resource of the manifests (of one kind
where that is named instead).
"""

DENIED = "policy-denied"
UNAPPROVED = "needs-approval"
WARNED = "policy-warning"
OVERRIDDEN = "policy-overridden"
CODES = frozenset({DENIED, UNAPPROVED, WARNED, OVERRIDDEN})
"""Of everything that a plan tells because of the project's rules."""


class Effect(StrEnum):
    """What follows where a rule applies."""

    DENY = "deny"
    WARN = "warn"
    NEEDS_APPROVAL = "needs-approval"


class Rule(Struct, frozen=True):
    """One rule: where the expression `when` is true, `message` is told, with its effect. `environments` are
    those that it is about; empty: all.
    """

    name: str
    effect: Effect
    message: str
    when: str
    each: str = WHOLE
    approvals: int = 0
    environments: tuple[str, ...] = ()
    source: Source = field(default_factory=lambda: Source(""))


DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Freeze(Struct, frozen=True):
    """A time in which nothing is carried out: once, between two moments, or every week on these `days` (0 is
    Monday), from a time of the day until another, which may be that of the next day.
    """

    name: str
    message: str
    zone: str
    begins: datetime | time
    ends: datetime | time
    days: tuple[int, ...] = ()
    environments: tuple[str, ...] = ()


class Finding(Struct, frozen=True):
    """What a rule or a freeze says of a plan: each address that it is true of; none where it is about the
    plan as a whole.
    """

    rule: str
    effect: Effect
    message: str
    addresses: tuple[str, ...] = ()
    approvals: int = 0


class Waivers(Struct, frozen=True):
    """Who approved a run, and which rules were overridden for it, and why."""

    approved_by: tuple[str, ...] = ()
    overridden: tuple[str, ...] = ()
    reason: str = ""
