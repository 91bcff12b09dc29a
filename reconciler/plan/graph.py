"""A graph that knows no resources: nodes with the nodes that they wait for, in a stable order."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence


class Cycle(Exception):
    """Nodes that wait for one another. `nodes` names them in the order of waiting."""

    def __init__(self, nodes: Sequence[str]) -> None:
        super().__init__(" → ".join(nodes))
        self.nodes = tuple(nodes)


def ordered(edges: Mapping[str, Sequence[str]]) -> list[str]:
    """The nodes, each after all that it waits for; among those that are free, in the order of `edges`.
    What is waited for and is no node itself is passed over. Raises Cycle.
    """
    rank = {node: index for index, node in enumerate(edges)}
    waits = {node: {other for other in others if other in rank} for node, others in edges.items()}
    followers: dict[str, list[str]] = {node: [] for node in edges}
    for node, others in waits.items():
        for other in others:
            followers[other].append(node)
    free = [rank[node] for node, others in waits.items() if not others]
    heapq.heapify(free)
    names, out = list(edges), []
    while free:
        node = names[heapq.heappop(free)]
        out.append(node)
        for follower in followers[node]:
            waits[follower].discard(node)
            if not waits[follower]:
                heapq.heappush(free, rank[follower])
    if len(out) < len(names):
        raise Cycle(_cycle(waits, next(n for n in names if waits[n] and n not in set(out))))
    return out


def _cycle(waits: Mapping[str, set[str]], start: str) -> list[str]:
    path, node = [], start
    while node not in path:
        path.append(node)
        node = min(other for other in waits[node] if waits.get(other))
    return [*path[path.index(node) :], node]
