"""Whether a moment lies in a freeze, by the clocks of the freeze's own time zone."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from reconciler.model.policy import Freeze


def is_zone(name: str) -> bool:
    """Whether this machine knows a time zone of this name."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        return False
    return True


def is_frozen(freeze: Freeze, now: datetime) -> bool:
    """Whether nothing is to be carried out at `now`, a moment with its zone. An hour that a clock shows twice
    belongs to a freeze that begins or ends in it, both times.
    """
    zone = ZoneInfo(freeze.zone)
    if isinstance(freeze.begins, datetime) and isinstance(freeze.ends, datetime):
        begins = freeze.begins.replace(tzinfo=zone, fold=0).timestamp()
        return begins <= now.timestamp() < freeze.ends.replace(tzinfo=zone, fold=1).timestamp()
    here = now.astimezone(zone).replace(tzinfo=None)
    return any(_holds(freeze, here, here - timedelta(days=back)) for back in (0, 1))


def _holds(freeze: Freeze, here: datetime, day: datetime) -> bool:
    """Whether the freeze that begins on the date of `day` holds at `here`."""
    if day.weekday() not in freeze.days:
        return False
    assert isinstance(freeze.begins, time)
    assert isinstance(freeze.ends, time)
    later = timedelta(days=freeze.ends <= freeze.begins)
    begins, ends = (datetime.combine(day.date(), one) for one in (freeze.begins, freeze.ends))
    return begins <= here < ends + later
