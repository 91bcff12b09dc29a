"""How much one request may ask for, under the rules that bound it."""

from __future__ import annotations

from typing import Any

import pytest
from test_core_world import World

NESTED = """query ($n: Int) { integrations(first: $n) { nodes { instances(first: 100) { nodes {
    flowConfigs(first: %s) { nodes { id } } } } } } }"""


def answered(w: World, query: str, **variables: Any) -> tuple[int, str]:
    status, body, _ = w.sandbox.execute(query, variables)
    return status, body["errors"][0]["message"] if "errors" in body else ""


def aliases(count: int) -> str:
    return " ".join(f"a{number}: organization {{ id }}" for number in range(count))


@pytest.mark.parametrize(("rule", "most"), [("10", 10), ("50", 50)])
def test_root_fields_are_counted_wherever_they_stand(rule: str, most: int) -> None:
    w = World(alias_limit=rule)
    assert answered(w, f"{{ {aliases(most)} }}") == (200, "")
    message = f"Aliases limit of '{rule}' exceeded, found {most + 1}."
    assert answered(w, f"{{ {aliases(most + 1)} }}") == (400, message)
    inline = f"... on RootQuery {{ {aliases(most)} }}"
    spread = f"{{ {inline} ...F }} fragment F on RootQuery {{ organization {{ id }} }}"
    assert answered(w, spread) == (400, message)


def test_a_mutation_over_the_limit_changes_nothing() -> None:
    w = World(alias_limit="10")
    many = " ".join(
        f'a{number}: createCustomer(input: {{name: "C{number}"}}) {{ customer {{ id }} }}'
        for number in range(11)
    )
    assert answered(w, f"mutation {{ {many} }}")[0] == 400
    assert w.ask("{ customers(isSystem: false) { totalCount } }")["customers"]["totalCount"] == 0


def test_there_is_no_limit_by_default() -> None:
    assert answered(World(), f"{{ {aliases(200)} }}") == (200, "")
    assert answered(World(), NESTED % "100", n=100) == (200, "")


@pytest.mark.parametrize(
    ("first", "inner", "cost"),
    [(2, "100", 0), (3, "100", 30_000), (100, "2", 0), (100, "3", 30_000), (None, "100", 1_000_000)],
)
def test_page_sizes_are_multiplied(first: int | None, inner: str, cost: int) -> None:
    """A list that says nothing counts as a whole page."""
    w = World(query_cost="20000")
    expected = (400, f"Query cost limit of 20000 exceeded, found {cost}.") if cost else (200, "")
    assert answered(w, NESTED % inner, n=first) == expected


def test_siblings_do_not_add_up() -> None:
    w = World(query_cost="20000")
    lists = " ".join(f"l{number}: integrations(first: 100) {{ nodes {{ id }} }}" for number in range(300))
    assert answered(w, f"{{ {lists} }}") == (200, "")
