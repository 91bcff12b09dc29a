"""The lease: who works on a tenant at present, and until when nobody else of the project may."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

PREFIX = "reconciler-lease:"
"""What the names of leases begin with in a tenant, and no resource's."""
MARGIN = timedelta(seconds=60)
"""By so much two machines' clocks may differ."""


@dataclass(frozen=True, slots=True)
class Lease:
    """One run's claim. `token` tells two runs of one holder apart; `id` is the tenant's, new with each claim.
    A lease that cannot be read has no `until`, and so never runs out.
    """

    holder: str
    reason: str
    since: datetime | None
    until: datetime | None
    token: str = field(repr=False)
    id: str = ""
    shard: str = ""
    """The share of the project that the run is about, as `i/n`; empty: all of it."""

    def expired(self, now: datetime) -> bool:
        """Whether it ran out by so much that no clock can still call it valid."""
        return self.until is not None and now > self.until + MARGIN

    @property
    def told(self) -> str:
        """What the run does, and to which share of the project."""
        return ", ".join(part for part in (self.shard and f"shard {self.shard}", self.reason) if part)

    def conflicts(self, shard: str) -> bool:
        """Whether a run about this share has to wait for it: only other shares of as many are nobody's
        concern.
        """
        of = [one.rpartition("/")[2] for one in (self.shard, shard)]
        return self.shard == shard or not (self.shard and shard) or of[0] != of[1]

    def __str__(self) -> str:
        """Who, since when, until when and why, as far as that is known."""
        parts = [self.holder]
        if self.since and self.until:
            parts.append(f"since {moment(self.since)} until {moment(self.until)}")
        return " ".join(parts) + (f" ({self.told})" if self.told else "")


def moment(when: datetime) -> str:
    """ISO 8601, in seconds and UTC."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")
