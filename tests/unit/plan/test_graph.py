from __future__ import annotations

import pytest

from reconciler.plan.graph import Cycle, ordered


@pytest.mark.parametrize(
    ("edges", "order"),
    [
        ({}, []),
        ({"b": [], "a": []}, ["b", "a"]),
        ({"b": ["a"], "a": []}, ["a", "b"]),
        ({"c": ["a", "b"], "a": ["b"], "b": []}, ["b", "a", "c"]),
        ({"a": ["elsewhere"]}, ["a"]),
        ({"a": ["b", "b"], "b": []}, ["b", "a"]),
        ({"a": [], "b": ["a"], "c": []}, ["a", "b", "c"]),
    ],
)
def test_each_node_comes_after_what_it_waits_for(edges: dict[str, list[str]], order: list[str]):
    assert ordered(edges) == order


@pytest.mark.parametrize(
    ("edges", "cycle"),
    [
        ({"a": ["a"]}, ("a", "a")),
        ({"a": ["b"], "b": ["a"]}, ("a", "b", "a")),
        ({"x": ["a"], "a": ["b"], "b": ["c"], "c": ["a"]}, ("a", "b", "c", "a")),
    ],
)
def test_a_cycle_is_named(edges: dict[str, list[str]], cycle: tuple[str, ...]):
    with pytest.raises(Cycle) as caught:
        ordered(edges)
    assert caught.value.nodes == cycle


def test_a_long_chain_is_ordered():
    edges = {str(n): [str(n - 1)] if n else [] for n in reversed(range(20_000))}
    assert ordered(edges) == [str(n) for n in range(20_000)]
