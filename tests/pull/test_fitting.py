"""What a definition would refuse of an instance's config is not written."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.model.secret import Secret
from reconciler.pull.fitting import fitting
from tests.worlds import definition

VARIABLES = [
    {"key": "Mode", "dataType": "picklist", "pickList": ["fast", "slow"]},
    {"key": "Size", "dataType": "number"},
    {"key": "Items", "dataType": "string", "collectionType": "valuelist"},
]


@pytest.mark.parametrize(
    ("key", "value", "fits"),
    [
        ("Mode", "fast", True),
        ("Mode", "sideways", False),
        ("Mode", Secret("sideways"), True),
        ("Size", 3, True),
        ("Size", "three", False),
        ("Items", ["a"], True),
        ("Items", "a", False),
        ("Gone", "a", False),
    ],
)
def test_what_fits(key: str, value: Any, fits: bool):
    given = definition({"definitionVersion": 7, "name": "x", "requiredConfigVars": VARIABLES})
    assert fitting({key: value}, given) == ({key: value} if fits else {})
