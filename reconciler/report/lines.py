"""Writes indented lines that wrap within the console's width, with a hanging indent and no markup.

Rich reads square brackets in plain strings as markup; names are full of them. So everything that is shown
passes here as a styled part of a Text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from reconciler.model.commands import COMMAND

Part = str | Text | tuple[str, str]
"""Text, or text with its style. Whatever came from outside must be sanitised already."""

_NARROWEST = 20
_HANG = 2
# The colon and the quotes in front of what stays whole, and the mark behind it, belong to it.
_WHOLE = re.compile(
    rf"""["'`(]*(?:{COMMAND}|--[a-z][a-z-]*[ ]+(?!-)[^\s,;]+|"[^"\n]*/[^"\n]*"|`[^`\n]*`)[^\s]*|\S+"""
)


def write(console: Console, indent: int, *parts: Part) -> None:
    """One line, continued further to the right where it is too long."""
    text = Text.assemble(*parts)
    width = console.width - indent
    if text.cell_len <= width:
        _out(console, indent, text)
        return
    for number, line in enumerate(wrapped(text, max(_NARROWEST, width - _HANG))):
        _out(console, indent + (_HANG if number else 0), line)


def write_whole(console: Console, indent: int, *parts: Part) -> None:
    """One line, however long: of somebody's words no part shall stand where a line of ours could begin."""
    _out(console, indent, Text.assemble(*parts))


def wrapped(text: Text, width: int) -> Sequence[Text]:
    """The text in lines of this width. What people copy stays whole, and goes beyond the edge, where the
    terminal breaks it without a trace: words (ids, addresses, paths), commands, options with their values,
    and paths in quotes.
    """
    breaks: list[int] = []
    start = 0
    for begin, end in _pieces(text.plain):
        if begin > start and cell_len(text.plain[start:end]) > width:
            breaks.append(begin)
            start = begin
    lines = list(text.divide(breaks))
    for line in lines:
        line.rstrip()
    return lines


def longest(text: str) -> int:
    """How wide the widest piece is that stays whole."""
    return max((cell_len(text[begin:end]) for begin, end in _pieces(text)), default=0)


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Where what stays whole begins and ends."""
    for match in _WHOLE.finditer(text):
        yield match.span()


def blank(console: Console) -> None:
    """An empty line."""
    console.print()


def fits(console: Console, indent: int, *parts: str) -> bool:
    """Whether the parts stand on one line together."""
    return indent + Text("".join(parts)).cell_len <= console.width


def arrow(console: Console) -> str:
    """An arrow that the console's encoding holds."""
    return "→" if console.encoding.lower().startswith("utf") else "->"


def _out(console: Console, indent: int, text: Text) -> None:
    console.print(Text(" " * indent) + text, soft_wrap=True, highlight=False)
