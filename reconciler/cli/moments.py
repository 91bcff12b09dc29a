"""Moments on the command line: a date, a time, or how long ago."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import click

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def now() -> str:
    """The present moment, as documents bear it."""
    return _stamp(datetime.now(UTC))


def moment(text: str) -> str:
    """What an option says, as the API takes it. Without a zone it is UTC."""
    if ago := re.fullmatch(r"(\d{1,6})([smhdw])", text):
        then = datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        return _stamp(then)
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        wanted = "write 2025-11-24, 2025-11-24T18:00:00Z, or 30m, 2h, 7d for how long ago"
        raise click.BadParameter(f'"{text}" is no time: {wanted}') from error
    return found.replace(tzinfo=found.tzinfo or UTC).isoformat().replace("+00:00", "Z")


def _stamp(moment: datetime) -> str:
    from reconciler.model.moment import stamp

    return stamp(moment)
