"""Two values beside each other, line by line: what differs, with a little of what is around it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Any

import yaml
from msgspec import Struct

from reconciler.report import values

_CONTEXT = 3
_MOST = 200
"""Lines of one value that are shown, besides those that are folded."""
_COMPARED = 1_000_000
"""Pairs of lines that are compared; of more it would take long to find out which are alike."""
_TRAIL = " › "


class Row(Struct, frozen=True):
    """A line of each side: None where one side has none. What is folded has the same `fold` on both."""

    before: str | None
    after: str | None
    same: bool = False
    fold: str = ""


class Hunk(Struct, frozen=True):
    """What differs in one place; `note` says why, or how many values there are in a group."""

    trail: str
    rows: Sequence[Row]
    note: str = ""


def is_long(path: str, before: Any, after: Any) -> bool:
    """Whether two values are read better beside each other than on one line: those of a definition, and
    those of several lines.
    """
    if path.startswith("definition."):
        return True
    return before is not None and after is not None and (_is_deep(before) or _is_deep(after))


def hunk(path: str, before: Any, after: Any, note: str = "") -> Hunk:
    """The two values of a field, below the place where it stands."""
    place, _, name = values.readable_path(path).rpartition(_TRAIL)
    return Hunk(place, _rows(_lines(name, before), _lines(name, after)), note)


def joined(hunks: Sequence[Hunk]) -> list[Hunk]:
    """Those in one place, in their order, under one title."""
    found: dict[tuple[str, str], list[Row]] = {}
    for one in hunks:
        found.setdefault((one.trail, one.note), []).extend(one.rows)
    return [Hunk(trail, rows, note) for (trail, note), rows in found.items()]


def _is_deep(value: Any) -> bool:
    return isinstance(value, list | dict) or (isinstance(value, str) and "\n" in value)


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as such."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def _lines(name: str, value: Any) -> list[str]:
    """A value as it would stand in a file, below its name."""
    if value is None:
        return []
    if not _is_deep(value):
        return [f"{name}: {values.shorten(values.show(value), values.LONG)}"]
    text = yaml.dump(
        value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10_000, default_flow_style=False
    )
    found = text.splitlines()
    if isinstance(value, str):  # its first line is the sign of a text of several lines, or all of it
        return [f"{name}: {found[0]}", *found[1:]]
    return [f"{name}:", *(f"  {values.shorten(line, values.LONG)}" for line in found)]


def _rows(before: Sequence[str], after: Sequence[str]) -> list[Row]:
    found: list[Row] = []
    codes = _codes(before, after)
    for number, (tag, i, j, k, m) in enumerate(codes):
        if tag == "equal":
            same = [Row(line, line, True) for line in before[i:j]]
            found += _folded(same, is_first=number == 0, is_last=number == len(codes) - 1)
            continue
        found += [
            Row(before[i + n] if i + n < j else None, after[k + n] if k + n < m else None)
            for n in range(max(j - i, m - k))
        ]
    return [*found[:_MOST], *_rest(len(found) - _MOST)]


def _codes(before: Sequence[str], after: Sequence[str]) -> Sequence[tuple[str, int, int, int, int]]:
    """What is alike and what is not, as difflib tells it; of what is too long for that only whether it is."""
    if len(before) * len(after) <= _COMPARED:
        return difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    most = min(len(before), len(after))
    head = next((n for n in range(most) if before[n] != after[n]), most)
    tail = next((n for n in range(most - head) if before[-1 - n] != after[-1 - n]), most - head)
    i, k = len(before) - tail, len(after) - tail
    return [
        ("equal", 0, head, 0, head),
        ("replace", head, i, head, k),
        ("equal", i, len(before), k, len(after)),
    ]


def _folded(same: Sequence[Row], *, is_first: bool, is_last: bool) -> Iterator[Row]:
    """What is alike, but for the lines next to what differs."""
    head, tail = (0 if is_first else _CONTEXT), (0 if is_last else _CONTEXT)
    middle = len(same) - head - tail
    if middle <= 1:
        yield from same
        return
    yield from same[:head]
    yield Row(None, None, True, f"{values.count(middle, 'line')} alike")
    yield from same[len(same) - tail :]


def _rest(number: int) -> list[Row]:
    return [Row(None, None, True, f"{values.count(number, 'line')} more")] if number > 0 else []
