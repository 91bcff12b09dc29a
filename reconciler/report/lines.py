"""Writes indented lines that wrap within the console's width, with a hanging indent and no markup.

Rich reads square brackets in plain strings as markup; names are full of them. So everything that is shown
passes here as a styled part of a Text.
"""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

Part = str | Text | tuple[str, str]
"""Text, or text with its style. Whatever came from outside must be sanitised already."""

_NARROWEST = 20
_HANG = 2


def write(console: Console, indent: int, *parts: Part) -> None:
    """One line, continued further to the right where it is too long."""
    text = Text.assemble(*parts)
    width = console.width - indent
    if text.cell_len <= width:
        _out(console, indent, text)
        return
    lines = text.wrap(console, max(_NARROWEST, width - _HANG), overflow="fold")
    for number, line in enumerate(lines):
        line.rstrip()
        _out(console, indent + (_HANG if number else 0), line)


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
