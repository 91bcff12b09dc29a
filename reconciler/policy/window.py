"""Hours in which a loop may carry plans out: `mon-fri 08:00-18:00 Europe/Berlin`."""

from __future__ import annotations

import re
from datetime import datetime, time

from msgspec import Struct

from reconciler.model.policy import DAYS, Freeze
from reconciler.policy.freeze import is_frozen, is_zone

_FORM = re.compile(r"(\S+) (\d\d:\d\d)-(\d\d:\d\d) (\S+)")


class Window(Struct, frozen=True):
    """The same hours of some days of every week, by the clocks of one time zone."""

    text: str
    hours: Freeze

    def is_open(self, now: datetime) -> bool:
        """Whether `now`, a moment with its zone, lies within."""
        return is_frozen(self.hours, now)


def window(text: str) -> Window:
    """What a text says. Raises ValueError, which says what is wrong."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise ValueError(f'"{text}" is no window')
    days, begins, ends, zone = found.groups()
    if not is_zone(zone):
        raise ValueError(f'there is no time zone "{zone}" on this machine')
    hours = Freeze("window", "", zone, _time(begins), _time(ends), _days(days))
    return Window(text.strip(), hours)


def _time(text: str) -> time:
    if text == "24:00":  # midnight, at which the day ends
        return time()
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise ValueError(f'"{text}" is no time of the day') from None


def _days(text: str) -> tuple[int, ...]:
    found: set[int] = set()
    for part in text.lower().split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            raise ValueError(f'"{part}" names no days of the week')
        begin, end = DAYS.index(first), DAYS.index(last or first)
        found |= {(begin + n) % 7 for n in range((end - begin) % 7 + 1)}
    return tuple(sorted(found))
