"""Whether a text is a cron schedule of five fields, so that a slip is told before a deployment."""

from __future__ import annotations

import re

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
# Name, least, most, and names for the numbers from the least on.
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 7, _DAYS),
)
_PART = re.compile(r"(\*|\?|[0-9a-z]+(?:-[0-9a-z]+)?)(?:/([0-9]+))?", re.IGNORECASE)
_SPECIAL = re.compile(r"[0-9a-z]*(?:L|W|#[1-5])", re.IGNORECASE)
"""The last one, the nearest working day, the n-th: not all that read cron know them."""


def cron_problem(text: str) -> str:
    """What is wrong with `text` as a cron schedule; empty where nothing is."""
    fields = text.split()
    if len(fields) != len(_FIELDS):
        return f"it has {len(fields)} field{'s' if len(fields) != 1 else ''}, not {len(_FIELDS)}"
    for given, (name, least, most, names) in zip(fields, _FIELDS, strict=True):
        for part in given.split(","):
            if not _fits(part, least, most, names):
                return f'"{given}" is no {name}'
    return ""


def _fits(part: str, least: int, most: int, names: tuple[str, ...]) -> bool:
    if _SPECIAL.fullmatch(part):
        return True
    found = _PART.fullmatch(part)
    if found is None or found[2] == "0":
        return False
    if found[1] in ("*", "?"):
        return True
    numbers = [_number(one, least, names) for one in found[1].split("-")]
    return all(least <= number <= most for number in numbers) and numbers == sorted(numbers)


def _number(text: str, least: int, names: tuple[str, ...]) -> int:
    if text.isdigit():
        return int(text) if len(text) < 4 else -1
    return names.index(text.lower()) + least if text.lower() in names else -1
