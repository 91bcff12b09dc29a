"""An answer that does not fit is an error that names the object and the place."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.kinds import all_kinds
from reconciler.model.errors import Misfit

GROUP = {"id": "R3JvdXA", "name": "On call", "users": {"nodes": [{"id": "a", "email": "ada@example.com"}]}}


@pytest.mark.parametrize(
    ("kind", "node", "told"),
    [
        ("AlertGroup", {**GROUP, "name": 7}, 'AlertGroup "R3JvdXA" is not as the API describes it at name'),
        ("AlertGroup", {**GROUP, "users": {"nodes": [{"email": "a"}]}}, "at users.nodes[0]: object"),
        ("AlertGroup", {**GROUP, "users": []}, "at users: expected"),
        ("AlertGroup", {"name": "On call"}, "AlertGroup is not as the API describes it: object missing"),
        ("AlertMonitor", {"id": "a", "flowConfig": {"flow": "Receive"}}, "at flowConfig.flow: expected"),
        (
            "Connection",
            {"id": "a", "inputs": {"nodes": [{"value": "x"}]}},
            "at inputs.nodes[0]: object missing",
        ),
        ("Component", {"id": "a", "public": True}, 'Component "a" is not as'),
        ("AlertTrigger", {"id": "a"}, 'AlertTrigger "a" is not as'),
        ("Customer", {"id": "a", "name": "A", "labels": "vip"}, "at labels: expected"),
    ],
)
def test_it_names_the_object_and_the_place(kind: str, node: dict[str, Any], told: str) -> None:
    with pytest.raises(Misfit) as found:
        all_kinds()[kind].parse(node)
    assert told in found.value.message
    assert found.value.hint


@pytest.mark.parametrize("kind", ["AlertGroup", "AlertMonitor", "Connection", "Customer", "User"])
def test_what_is_absent_or_null_is_no_error(kind: str) -> None:
    rows = {row.place[0]: None for row in all_kinds()[kind].fields}
    assert all_kinds()[kind].parse({"id": "a"}).fields == all_kinds()[kind].parse({"id": "a", **rows}).fields
