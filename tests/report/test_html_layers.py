"""Where the boxes of a graph stand."""

from __future__ import annotations

import pytest

from reconciler.report.html.layers import Bend, Layers, layered

Edges = list[tuple[str, str]]


def names(layers: Layers) -> list[list[str]]:
    return [[slot for slot in column if isinstance(slot, str)] for column in layers.columns]


@pytest.mark.parametrize(
    ("edges", "columns"),
    [
        ([], [["a", "b", "c", "d"]]),
        ([("a", "b"), ("b", "c"), ("c", "d")], [["a"], ["b"], ["c"], ["d"]]),
        ([("a", "c"), ("b", "d")], [["a", "b"], ["c", "d"]]),
        ([("a", "d"), ("b", "c")], [["a", "b"], ["d", "c"]]),  # no two lines cross
        ([("a", "b"), ("b", "c"), ("d", "c")], [["a"], ["b", "d"], ["c"]]),  # next to what waits for it
        ([("a", "a"), ("a", "b"), ("a", "b"), ("a", "elsewhere")], [["a", "c", "d"], ["b"]]),
    ],
)
def test_each_stands_behind_all_that_it_waits_for(edges: Edges, columns: list[list[str]]) -> None:
    assert names(layered("abcd", edges)) == columns


@pytest.mark.parametrize(
    "edges",
    [
        [("a", "b"), ("b", "a")],
        [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")],
        [("a", "b"), ("b", "c"), ("c", "b"), ("d", "a"), ("c", "d")],
    ],
)
def test_a_circle_is_drawn_with_one_line_against_the_others(edges: Edges) -> None:
    layers = layered("abcd", edges)
    assert layers.ways.keys() == set(edges)
    at = {slot: number for number, column in enumerate(layers.columns) for slot in column}
    assert all((way[0], way[-1]) == edge for edge, way in layers.ways.items())
    against = [way for way in layers.ways.values() if at[way[0]] > at[way[-1]]]
    assert 1 <= len(against) < len(edges)


def test_a_line_keeps_a_place_free_in_each_layer_that_it_passes() -> None:
    layers = layered("abcd", [("a", "b"), ("b", "c"), ("c", "d"), ("a", "d")])
    way = layers.ways["a", "d"]
    assert way == ["a", Bend(("a", "d"), 1), Bend(("a", "d"), 2), "d"]
    assert [slot in column for slot, column in zip(way, layers.columns, strict=True)] == [True] * 4
