"""The comment of a pull request: folded sections within the limit of the platform."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from reconciler.report import values
from reconciler.report.sanitize import code, fence

LIMIT = 65_536
_SPARE = 2_000  # for what stands around the sections and between them
_WRAPPING = 1_200  # of one section, besides its title: tags, fences and the note of what was left out
ROOM = LIMIT - _SPARE
"""How much there is for what is shown."""
NAME, MESSAGE = 160, 400
"""How much of a name, and of a message, is shown."""


class Section(Struct, frozen=True):
    """A part that is folded: each block is shown whole or left out. A `diff` section is one fenced block."""

    title: str
    blocks: Sequence[Sequence[str]]
    noun: str
    is_open: bool = False
    diff: bool = True


def span(text: str) -> str:
    """A name, or some other short text of others, in a span of code."""
    return code(values.shorten(text, NAME))


def size(text: str) -> int:
    """The length as GitHub may count it: UTF-16 units, never fewer than characters."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def bounded(head: Sequence[str], sections: Sequence[Section], foot: str) -> str:
    """The whole comment. The sections share the room equally; what one does not need goes to those after
    it, so that thousands of changes of one kind do not hide another.
    """
    filled = [section for section in sections if section.blocks]
    parts = ["\n".join(head)]
    room = ROOM - size(parts[0]) - size(foot)
    for number, section in enumerate(filled):
        text = _section(section, room // (len(filled) - number))
        room -= size(text)
        parts.append(text)
    return "\n\n".join(part for part in [*parts, foot] if part) + "\n"


def _section(section: Section, room: int) -> str:
    kept, rest = _fitting(section.blocks, room - _WRAPPING - size(section.title))
    lines = [line for block in section.blocks[:kept] for line in block]
    body = [fence(lines, "diff")] if section.diff and lines else lines
    if rest:
        nouns = values.count(rest, section.noun)
        body = [*body, "", f"… {nouns} left out here; the JSON report has everything."]
    tag = "<details open>" if section.is_open else "<details>"
    return "\n".join([f"{tag}<summary>{section.title}</summary>", "", *body, "", "</details>"])


def _fitting(blocks: Sequence[Sequence[str]], room: int) -> tuple[int, int]:
    """How many blocks fit, from the first one on, and how many do not."""
    for number, block in enumerate(blocks):
        room -= sum(size(line) + 1 for line in block)
        if room < 0:
            return number, len(blocks) - number
    return len(blocks), 0
