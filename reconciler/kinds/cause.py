"""Tells why a field differs, from three digests: what git says, what we last wrote, what is live."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.kinds.marks import short
from reconciler.model.plan import Cause


def cause(applied: Mapping[str, str], group: str, desired: Any, live: Any, *others: Any) -> Cause:
    """The cause of a difference in `group`. `others` are further forms in which the live value may have
    been applied earlier (a map with fewer keys, before git added one).
    """
    record = applied.get(group)
    if not record:
        return Cause.UNKNOWN
    if fits(record, desired):
        return Cause.DRIFT
    return Cause.PENDING if any(fits(record, form) for form in (live, *others)) else Cause.BOTH


def fits(record: str, value: Any) -> bool:
    """Whether `record`, which may hold only a digest's first digits, is the digest of `value`."""
    return short(value).startswith(record)


def projections(
    live: Mapping[str, Any], wanted: Iterable[str], changed: Iterable[str]
) -> list[dict[str, Any]]:
    """The forms of a live map that an earlier manifest may have covered: without the keys that differ now,
    without one of them, or with all that is live.
    """
    keys, out = list(wanted), list(changed)
    forms = [[k for k in keys if k not in out], list(live)]
    forms += [[k for k in keys if k != one] for one in out]
    return [{k: live[k] for k in form if k in live} for form in forms]
