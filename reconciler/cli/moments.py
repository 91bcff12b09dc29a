"""Moments on the command line: a date, a time, or how long ago."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class _Moment(click.ParamType):
    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The moment as the API takes it."""
        if ago := re.fullmatch(r"(\d{1,6})([smhdw])", str(value)):
            then = datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
            return then.isoformat(timespec="seconds").replace("+00:00", "Z")
        try:
            found = datetime.fromisoformat(str(value))
        except ValueError:
            wanted = "write 2025-11-24, 2025-11-24T18:00:00Z, or 30m, 2h, 7d for how long ago"
            self.fail(f'"{value}" is no time: {wanted}', param, ctx)
        return found.replace(tzinfo=found.tzinfo or UTC).isoformat().replace("+00:00", "Z")


MOMENT = _Moment()
"""The type of an option that takes a moment."""
