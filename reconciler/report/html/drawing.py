"""The dependencies of a plan as boxes and lines: where they stand, what they say, and which are folded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from msgspec import Struct

from reconciler.model.few import few
from reconciler.report import values
from reconciler.report.graph import graph_document
from reconciler.report.groups import plan_groups, several
from reconciler.report.html.layers import Bend, Layers, Slot, layered

Document = Mapping[str, Any]

MOST = 30
"""Boxes that are still read at a glance."""
_WORST = ("failed", "stale", "skipped", "done")
_LETTERS = 26
_WIDTH, _HEIGHT = 224, 48
_ACROSS, _DOWN, _BEND, _EDGE = 72, 16, 4, 8


class Box(Struct, frozen=True):
    """A resource, or several; `whole` is what it stands for where `title` had to be cut."""

    x: int
    y: int
    title: str
    line: str
    state: str
    whole: str


class Drawing(Struct, frozen=True):
    """The boxes, the lines as paths, and the same as sentences; `aside` says what is not drawn."""

    width: int
    height: int
    boxes: Sequence[Box]
    lines: Sequence[str]
    told: Sequence[str]
    summary: str
    aside: str

    box_width: int = _WIDTH
    box_height: int = _HEIGHT


class _Node(Struct, frozen=True):
    title: str
    kind: str
    addresses: Sequence[str]
    line: str
    state: str


def drawing(document: Document) -> Drawing | None:
    """What waits for what in a plan, or in what became of it; None where nothing waits for anything."""
    owner = {action["id"]: action["address"] for action in document["actions"]}
    edges = {(owner[one["from"]], owner[one["to"]]) for one in graph_document(document)["edges"]}
    nodes = _folded(_nodes(document), {end for edge in edges if edge[0] != edge[1] for end in edge})
    place = {address: node.title for node in nodes for address in node.addresses}
    joined = sorted({(place[a], place[b]) for a, b in edges if a in place and b in place})
    joined = [(a, b) for a, b in joined if a != b]
    if not joined:
        return None
    ends = {end for edge in joined for end in edge}
    drawn = [node for node in nodes if node.title in ends]
    alone = len({*owner.values()}) - sum(len(node.addresses) for node in drawn)
    return _placed(drawn, joined, alone)


def _nodes(document: Document) -> list[_Node]:
    state = _states(document)
    found = []
    for group in plan_groups(document["actions"]):
        kind, _, _ = group.addresses[0].partition("/")
        alone = len(group.addresses) == 1
        verbs = ", ".join(dict.fromkeys(action["verb"] for action in group.entries))
        line = f"{kind}: {verbs}" if alone else verbs
        title = group.addresses[0] if alone else group.title
        worst = [state[address] for address in group.addresses]
        found.append(_Node(title, kind, group.addresses, line, min(worst, key=_rank)))
    return _told_apart(found)


def _told_apart(nodes: Sequence[_Node]) -> list[_Node]:
    """Groups that are called alike are numbered: a title stands for one box."""
    seen: dict[str, int] = {}
    found = []
    for node in nodes:
        seen[node.title] = number = seen.get(node.title, 0) + 1
        title = f"{node.title} ({number})" if number > 1 else node.title
        found.append(_Node(title, node.kind, node.addresses, node.line, node.state))
    return found


def _states(document: Document) -> dict[str, str]:
    """What happens to each address, or how that ended."""
    return {
        address: min((str(action["status"]) for action in actions), key=_rank)
        if "status" in actions[0]
        else values.fate(actions)
        for address, actions in values.by_address(document["actions"]).items()
    }


def _rank(state: str) -> int:
    return _WORST.index(state) if state in _WORST else len(_WORST)


def _folded(nodes: Sequence[_Node], joined: Iterable[str]) -> list[_Node]:
    """The nodes that are joined with others; beyond MOST those of a kind are one, but for the first."""
    wanted = set(joined)
    found = [node for node in nodes if wanted.intersection(node.addresses)]
    if len(found) <= MOST:
        return found
    kinds: dict[str, list[_Node]] = {}
    for node in found:
        kinds.setdefault(node.kind, []).append(node)
    room = MOST - len(kinds)
    kept: list[_Node] = []
    # What is few is shown whole, and leaves the rest of its share to others.
    for number, some in enumerate(sorted(kinds.values(), key=len)):
        share = max(1, room // (len(kinds) - number))
        shown = some if len(some) <= share + 1 else some[:share]
        room -= min(len(some) - 1, share)
        kept += shown
        if rest := some[len(shown) :]:
            kept.append(_more(rest))
    order = {address: number for number, node in enumerate(found) for address in node.addresses}
    return sorted(kept, key=lambda node: order[node.addresses[0]])


def _more(nodes: Sequence[_Node]) -> _Node:
    addresses = [address for node in nodes for address in node.addresses]
    state = min((node.state for node in nodes), key=_rank)
    kind = nodes[0].kind
    return _Node(f"{len(addresses):,} more {several(kind)}", kind, addresses, "folded", state)


def _placed(nodes: Sequence[_Node], edges: Sequence[tuple[str, str]], alone: int) -> Drawing:
    layers = layered([node.title for node in nodes], edges)
    tops = _tops(layers)
    corner = {
        slot: (_EDGE + number * (_WIDTH + _ACROSS), tops[slot])
        for number, column in enumerate(layers.columns)
        for slot in column
    }
    height = max(tops[slot] + _tall(slot) for slot in tops) - _DOWN + _EDGE
    boxes = [
        Box(*corner[one.title], _cut(one), values.shorten(one.line, _LETTERS + 4), one.state, _whole(one))
        for one in nodes
    ]
    return Drawing(
        2 * _EDGE + len(layers.columns) * (_WIDTH + _ACROSS) - _ACROSS,
        height,
        boxes,
        [_path([corner[slot] for slot in way], way) for way in layers.ways.values()],
        [_sentence(node, edges) for node in nodes if any(b == node.title for _, b in edges)],
        f"{sum(len(node.addresses) for node in nodes):,} resources, {len(edges):,} dependencies",
        f"without dependencies, and not drawn: {values.count(alone, 'resource')}" if alone > 0 else "",
    )


def _tops(layers: Layers) -> dict[Slot, int]:
    """Where each begins: the tallest layer from the top down, the others beside what they are joined with."""
    columns = layers.columns
    heights = [sum(_tall(slot) for slot in column) for column in columns]
    widest = heights.index(max(heights))
    beside: dict[Slot, list[Slot]] = {}
    for way in layers.ways.values():
        for one, other in pairwise(way):
            beside.setdefault(one, []).append(other)
            beside.setdefault(other, []).append(one)
    tops: dict[Slot, int] = {}
    for number in [*range(widest, len(columns)), *range(widest - 1, -1, -1)]:
        y, left = _EDGE, heights[number]
        for slot in columns[number]:
            joined = [tops[one] + _tall(one) // 2 for one in beside.get(slot, ()) if one in tops]
            wanted = sum(joined) // len(joined) - _tall(slot) // 2 if joined and number != widest else y
            tops[slot] = y = max(y, min(wanted, _EDGE + heights[widest] - left))
            y += _tall(slot)
            left -= _tall(slot)
    return tops


def _tall(slot: Slot) -> int:
    return (_BEND if isinstance(slot, Bend) else _HEIGHT) + _DOWN


def _cut(node: _Node) -> str:
    """What a box is called: the kind stands below it."""
    name = node.title.partition("/")[2] if len(node.addresses) == 1 else node.title
    if len(name) <= _LETTERS:
        return name
    half = (_LETTERS - 1) // 2
    return f"{name[: _LETTERS - 1 - half]}…{name[-half:]}"


def _whole(node: _Node) -> str:
    return node.title if len(node.addresses) == 1 else f"{node.title}: {few(node.addresses)}"


def _path(corners: Sequence[tuple[int, int]], way: Sequence[Slot]) -> str:
    """A line from box to box, straight through the places that are kept free for it."""
    ends = [
        (x, x + _WIDTH, y + (_BEND if isinstance(slot, Bend) else _HEIGHT) // 2)
        for (x, y), slot in zip(corners, way, strict=True)
    ]
    is_back = ends[0][0] > ends[-1][0]
    points = [(right, left, y) if is_back else (left, right, y) for left, right, y in ends]
    text = f"M{points[0][1]},{points[0][2]}"
    for (_, x, y), (to, out, down) in pairwise(points):
        middle = (x + to) // 2
        text += f" C{middle},{y} {middle},{down} {to},{down} L{out},{down}"
    last = points[-1]
    return text.removesuffix(f" L{last[1]},{last[2]}")


def _sentence(node: _Node, edges: Sequence[tuple[str, str]]) -> str:
    first = [a for a, b in edges if b == node.title]
    return f"{node.title}: after {', '.join(first)}"
