"""What stands on a page beside the entries: values side by side, and what waits for what."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.model.address import Address
from reconciler.model.outcome import Outcome, Result, Status
from reconciler.model.plan import Action, Verb
from reconciler.report.html.drawing import MOST, Drawing, drawing
from reconciler.report.html.sides import hunk, is_long

from . import samples
from .rendering import outcome_of, plan_of
from .test_groups import large

PLACE = "definition.flows[Receive order].steps[Post]"
CODE = [f"line {number}" for number in range(20)]


def sides(before: Any, after: Any, path: str = f"{PLACE}.code") -> list[tuple[str | None, str | None]]:
    """What stands left and right, what is folded in the middle."""
    rows = hunk(path, before, after).rows
    return [(row.fold, row.fold) if row.fold else (row.before, row.after) for row in rows]


def test_a_value_stands_below_the_place_where_it_is() -> None:
    assert hunk(f"{PLACE}.inputs.channel.value", "#a", "#b").trail == (
        "definition › flows[Receive order] › steps[Post]"
    )
    assert sides("#a", "#b", f"{PLACE}.inputs.channel.value") == [
        ('inputs.channel.value: "#a"', 'inputs.channel.value: "#b"')
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, {"a": 1, "b": ["x"]}, [(None, "code:"), (None, "  a: 1"), (None, "  b:"), (None, "  - x")]),
        (["x"], None, [("code:", None), ("  - x", None)]),
        ("a\nb", "a\nc", [("code: |-", "code: |-"), ("  a", "  a"), ("  b", "  c")]),
        ("(secret)", "(secret)", [('code: (secret)', 'code: (secret)')]),
    ],
)  # fmt: skip
def test_both_sides_as_a_file_would_say_them(before: Any, after: Any, expected: list[Any]) -> None:
    assert sides(before, after) == expected


def test_what_is_alike_is_folded_but_for_three_lines_around_what_differs() -> None:
    found = sides("\n".join(CODE), "\n".join([*CODE[:10], "other", *CODE[11:]]))
    same = [f"  {line}" for line in CODE]
    assert found == [
        ("8 lines alike", "8 lines alike"),
        *((line, line) for line in same[7:10]),
        (same[10], "  other"),
        *((line, line) for line in same[11:14]),
        ("6 lines alike", "6 lines alike"),
    ]


def test_what_is_too_long_to_be_compared_is_cut_where_it_differs() -> None:
    lines = [f"line {number}" for number in range(2_000)]
    found = sides("\n".join(lines), "\n".join([*lines[:1_000], "other", *lines[1_000:]]))
    assert found == [
        ("998 lines alike", "998 lines alike"),
        *((f"  line {n}", f"  line {n}") for n in range(997, 1_000)),
        (None, "  other"),
        *((f"  line {n}", f"  line {n}") for n in range(1_000, 1_003)),
        ("997 lines alike", "997 lines alike"),
    ]


def test_a_value_without_end_is_cut() -> None:
    found = sides(None, [{"n": number} for number in range(1_000)])
    assert len(found) == 201
    assert found[-1] == ("801 lines more", "801 lines more")


@pytest.mark.parametrize(
    ("path", "before", "after", "expected"),
    [
        ("definition.name", 1, 2, True),
        ("config.Items", ["a"], ["a", "b"], True),
        ("description", "one\ntwo", "one", True),
        ("description", "one", "two", False),
        ("config.Items", None, ["a"], False),
    ],
)
def test_only_what_is_long_stands_side_by_side(path: str, before: Any, after: Any, expected: bool) -> None:
    assert is_long(path, before, after) is expected


def deploys(number: int, *, families: int) -> list[Action]:
    release = Action("Integration/orders#publish", Address("Integration", "orders"), Verb.PUBLISH, "is new")
    return [
        release,
        *(
            Action(
                f"Instance/c{n}/{n % families}#deploy",
                Address("Instance", f"c{n}/{n % families}"),
                Verb.DEPLOY,
                f"{n}",
                (release.id,),
            )
            for n in range(number)
        ),
    ]


def drawn(*actions: Action) -> Drawing:
    found = drawing(plan_of(replace(samples.PLAN, actions=actions)))
    assert found is not None
    return found


def test_a_box_for_each_resource_and_a_line_for_each_dependency() -> None:
    found = drawn(*samples.PLAN.actions)
    assert [(box.title, box.line, box.state) for box in found.boxes] == [
        ("acme", "Customer: create", "create"),
        ("slack-sync", "Integration: import, publish", "update"),
        ("acme/slack-sync", "Instance: create", "create"),
    ]
    assert found.summary == "3 resources, 2 dependencies"
    assert found.told == ["Instance/acme/slack-sync: after Customer/acme, Integration/slack-sync"]
    assert found.aside == "without dependencies, and not drawn: 1 resource"
    assert len(found.lines) == 2


@pytest.mark.parametrize("number", [2, MOST - 1, MOST, 3_000])
@pytest.mark.parametrize("families", [1, 2, 3_000])
def test_beyond_thirty_boxes_the_rest_is_folded_and_none_lies_on_another(number: int, families: int) -> None:
    found = drawn(*deploys(number, families=families))
    assert len(found.boxes) <= MOST
    assert found.summary.startswith(f"{number + 1:,} resources, ")
    for one, other in combinations(found.boxes, 2):
        assert one.x != other.x or abs(one.y - other.y) > found.box_height
    assert all(0 < box.x <= found.width - found.box_width for box in found.boxes)
    assert all(0 < box.y <= found.height - found.box_height for box in found.boxes)


def test_what_is_folded_is_counted() -> None:
    more = drawn(*deploys(3_000, families=3_000)).boxes[-1]
    assert (more.title, more.line) == ("2,972 more instances", "folded")


def test_nothing_is_drawn_where_nothing_waits() -> None:
    assert drawing(plan_of(large())) is None
    assert drawing(plan_of(samples.EMPTY)) is None


def test_of_an_outcome_the_boxes_tell_how_it_ended() -> None:
    found = drawing(outcome_of(samples.OUTCOME))
    assert found is not None
    assert [box.state for box in found.boxes] == ["done", "failed", "skipped"]
    actions = deploys(40, families=40)
    results = tuple(Result(one, Status.FAILED if one is actions[-1] else Status.DONE) for one in actions)
    ended = drawing(outcome_of(Outcome(replace(samples.PLAN, actions=tuple(actions)), results)))
    assert ended is not None
    assert (ended.boxes[-1].line, ended.boxes[-1].state) == ("folded", "failed")
