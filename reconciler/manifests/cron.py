"""Whether a text is a cron schedule of five fields, so that a slip is told before a deployment."""

from __future__ import annotations

import re

from msgspec import Struct

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_PART = re.compile(r"(\*|[0-9a-z]+(?:-[0-9a-z]+)?)(?:/([0-9]+))?", re.IGNORECASE)


class _Field(Struct, frozen=True):
    """One of the five: its least and most number, names for the numbers from the least on, and what only it
    may say: any day, the last one, the nearest working day, the n-th. Not all that read cron know these.
    """

    name: str
    least: int
    most: int
    names: tuple[str, ...] = ()
    special: str = "(?!)"


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31, special=r"\?|l|lw|([0-9]+)w"),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of the week", 0, 7, _DAYS, special=r"\?|l|([0-9a-z]+?)(?:l|#[1-5])"),
)


def cron_problem(text: str) -> str:
    """What is wrong with `text` as a cron schedule; empty where nothing is."""
    fields = text.split()
    if len(fields) != len(_FIELDS):
        return f"it has {len(fields)} field{'s' if len(fields) != 1 else ''}, not {len(_FIELDS)}"
    for given, field in zip(fields, _FIELDS, strict=True):
        if not all(_fits(part, field) for part in given.split(",")):
            return f'"{given}" is no {field.name}'
    return ""


def _fits(part: str, field: _Field) -> bool:
    found = re.fullmatch(field.special, part, re.IGNORECASE)
    if found is not None:
        return not (found.lastindex and found[1]) or _is_in(found[1], field)
    found = _PART.fullmatch(part)
    if found is None or found[2] == "0":
        return False
    if found[1] == "*":
        return True
    ends = found[1].split("-")
    numbers = [_number(one, field) for one in ends]
    return all(_is_in(one, field) for one in ends) and numbers == sorted(numbers)


def _is_in(text: str, field: _Field) -> bool:
    return field.least <= _number(text, field) <= field.most


def _number(text: str, field: _Field) -> int:
    if text.isdigit():
        return int(text) if len(text) < 4 else -1
    return field.names.index(text.lower()) + field.least if text.lower() in field.names else -1
