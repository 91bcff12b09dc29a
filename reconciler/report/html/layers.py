"""Where the boxes of a graph stand: in layers, each behind all that it waits for, so that few lines cross."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

_SWEEPS = 4

Edge = tuple[str, str]


class Bend(Struct, frozen=True):
    """A place that is kept free in a layer for a line that passes it."""

    edge: Edge
    layer: int


Slot = str | Bend


class Layers(Struct, frozen=True):
    """What stands in each layer, from the top down, and the way of each line through the layers."""

    columns: Sequence[Sequence[Slot]]
    ways: Mapping[Edge, Sequence[Slot]]


def layered(names: Sequence[str], edges: Iterable[Edge]) -> Layers:
    """The names in layers. An edge leads from what is first to what waits for it; one that would lead back
    in a circle is drawn against the others.
    """
    known = set(names)
    given = [(a, b) for a, b in dict.fromkeys(edges) if a != b and a in known and b in known]
    back = _leading_back(names, given)
    forward = {edge: (edge[1], edge[0]) if edge in back else edge for edge in given}
    depth = _depths(names, list(forward.values()))
    columns: list[list[Slot]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for name in names:
        columns[depth[name]].append(name)
    ways: dict[Edge, list[Slot]] = {}
    for edge, (first, last) in forward.items():
        bends = [Bend(edge, layer) for layer in range(depth[first] + 1, depth[last])]
        for bend in bends:
            columns[bend.layer].append(bend)
        ways[edge] = [first, *bends, last]
    _untangle(columns, list(ways.values()))
    return Layers(columns, {edge: way[::-1] if edge in back else way for edge, way in ways.items()})


def _leading_back(names: Sequence[str], edges: Sequence[Edge]) -> set[Edge]:
    """The edges that close a circle."""
    after = _followers(edges)
    found: set[Edge] = set()
    seen: set[str] = set()
    for root in names:
        if root in seen:
            continue
        seen.add(root)
        path = {root: iter(after.get(root, ()))}
        while path:
            name = next(reversed(path))
            follower = next(path[name], None)
            if follower is None:
                del path[name]
            elif follower in path:
                found.add((name, follower))
            elif follower not in seen:
                seen.add(follower)
                path[follower] = iter(after.get(follower, ()))
    return found


def _depths(names: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """How many layers stand before each; what waits for nothing stands next to what waits for it."""
    after = _followers(edges)
    waits = dict.fromkeys(names, 0)
    for _, last in edges:
        waits[last] += 1
    first = [name for name in names if not waits[name]]
    depth = dict.fromkeys(names, 0)
    ready = list(first)
    for name in ready:
        for follower in after.get(name, ()):
            depth[follower] = max(depth[follower], depth[name] + 1)
            waits[follower] -= 1
            if not waits[follower]:
                ready.append(follower)
    nearest = {name: min((depth[one] for one in after.get(name, ())), default=1) - 1 for name in first}
    return depth | nearest


def _followers(edges: Iterable[Edge]) -> dict[str, list[str]]:
    after: dict[str, list[str]] = {}
    for first, last in edges:
        after.setdefault(first, []).append(last)
    return after


def _untangle(columns: Sequence[list[Slot]], ways: Sequence[Sequence[Slot]]) -> None:
    """Puts each slot beside the middle of those that it is joined with, to and fro."""
    before: dict[Slot, list[Slot]] = {}
    after: dict[Slot, list[Slot]] = {}
    for way in ways:
        for one, other in pairwise(way):
            after.setdefault(one, []).append(other)
            before.setdefault(other, []).append(one)
    for sweep in range(_SWEEPS):
        beside = (before, after)[sweep % 2]
        for column in columns if sweep % 2 == 0 else reversed(columns):
            place = {slot: number for one in columns for number, slot in enumerate(one)}
            middle = {
                slot: sum(place[one] for one in joined) / len(joined)
                if (joined := beside.get(slot, ()))
                else float(place[slot])
                for slot in column
            }
            column.sort(key=lambda slot: middle[slot])
