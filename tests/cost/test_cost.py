from __future__ import annotations

import re

import pytest

from tests.cost.stories import TABLE, WIDTHS, told

ROWS = TABLE.read_text(encoding="utf-8").splitlines()[1:]


def recorded(column: int) -> dict[str, int]:
    """What each story costs by the table, for one width."""
    found = {}
    for row in ROWS:
        numbers = re.findall(r"(?<![(\w])(\d+)(?![\w)])", row[52:])
        found[row[:52].strip()] = int(numbers[column])
    return found


@pytest.mark.parametrize("width", [width for width in WIDTHS if width != "auto"])
def test_each_story_costs_what_the_table_says(width: int):
    known = recorded(WIDTHS.index(width))
    now = {name: cost for name, cost, _ in told(width)}
    if now != known:  # beside others that strain the machine a story was once seen to take a request more
        now = {name: cost for name, cost, _ in told(width)}
    assert now == known, "if it is meant: python -m tests.cost"


def test_plans_say_what_they_cost():
    """Within a twentieth where each call goes alone or ten together, or three where that is more."""
    for row in ROWS:
        for cost, said in re.findall(r"(\d+) \((\d+)\)", row)[:2]:
            assert abs(int(said) - int(cost)) <= max(3, int(cost) / 20), row


def test_travelling_together_is_cheaper_by_an_order_of_magnitude_where_there_is_much_to_do():
    alone, together = recorded(0), recorded(1)
    assert together["apply: 40 descriptions of customers"] * 8 <= alone["apply: 40 descriptions of customers"]
    assert all(together[name] <= alone[name] for name in alone)
