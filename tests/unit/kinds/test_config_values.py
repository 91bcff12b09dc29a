"""What the types of config variables make of values: their shapes on the wire, and what is the same."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.kinds.instance.config import changed_keys, config_changes, variable_inputs
from reconciler.kinds.instance.config_values import (
    UNTYPED,
    ValueType,
    beside,
    in_api_shape,
    same_json,
    same_value,
    text,
)
from reconciler.kinds.instance.config_wanted import bindings
from reconciler.model.address import Address, Ref
from reconciler.model.secret import Secret
from tests.unit.samples import copy, instance, request

LIST = ValueType("string", "valuelist")
PAIRS = ValueType("string", "keyvaluelist")
NUMBERS = ValueType("number", "valuelist")


@pytest.mark.parametrize(
    ("value", "kind", "sent"),
    [
        (["a", 1, True, 2.5], LIST, '["a","1","true","2.5"]'),
        ([Secret("s")], LIST, '["s"]'),
        ([], LIST, "[]"),
        (None, LIST, ""),
        ('["a"]', LIST, '["a"]'),
        ({"b": 1, "a": "x"}, PAIRS, '[{"key":"b","value":"1"},{"key":"a","value":"x"}]'),
        ({"a": Secret("s")}, PAIRS, '[{"key":"a","value":"s"}]'),
        ([{"key": "a", "value": 1}, {"key": "a", "value": 2}], PAIRS,
         '[{"key":"a","value":"1"},{"key":"a","value":"2"}]'),
        ({}, PAIRS, "[]"),
        ({"b": 1}, UNTYPED, '{"b":1}'),
        ([1], ValueType("jsonform"), "[1]"),
    ],
)  # fmt: skip
def test_collections_travel_as_the_lists_that_the_platform_wants(value: Any, kind: ValueType, sent: str):
    assert text(in_api_shape(value, kind)) == sent
    assert text(in_api_shape(in_api_shape(value, kind), kind)) == sent


@pytest.mark.parametrize(
    ("data", "wanted", "live", "same"),
    [
        ("string", "1.0", "1", False),
        ("string", "true", "True", False),
        ("code", "{}", "{ }", False),
        ("code", {"a": 1}, '{ "a": 1 }', True),
        ("number", "1.0", "1", True),
        ("number", 10, "1e1", True),
        ("number", 10, "", False),
        ("number", "many", "many", True),
        ("boolean", "true", "True", True),
        ("boolean", True, "yes", False),
        ("date", "2026-01-31", "01/31/2026", True),
        ("date", "2026-01-31", "01/30/2026", False),
        ("date", "soon", "soon", True),
        ("timestamp", "2026-01-31T08:00:00Z", "2026-01-31T09:00:00+01:00", True),
        ("timestamp", "2026-01-31T08:00:00Z", "2026-01-31T08:00:00", True),
        ("timestamp", "2026-01-31T08:00:00Z", "2026-01-31T08:00:01Z", False),
        ("jsonform", '{"a": 1}', '{"a":1}', True),
        ("jsonform", {"a": 1}, '{"a":true}', False),
        ("objectselection", [{"object": {"key": "A"}}], '[{"object":{"key":"A","label":"a"}}]', True),
        ("objectselection", [{"object": {"key": "A", "label": "x"}}], '[{"object":{"key":"A"}}]', False),
        ("objectselection", [{"object": {"key": "A"}}], '[{"object":{"key":"A"},"fields":[]}]', False),
        ("objectfieldmap", {"fields": []}, '{"fields":[{"field":{"key":"a"}}]}', False),
        ("picklist", "a", "A", False),
        ("string", Secret('{"a": 1}'), '{"a":1}', False),
        ("", Secret('{"a": 1}'), '{"a":1}', True),
        ("json", '{"a": 1.0, "b": "\\u00e9"}', '{"b":"é","a":1}', True),
        ("json", '{"a": 1.0000000000000000001}', '{"a":1}', False),
        ("json", {"a": 1}, '{"a":1,"label":"x"}', False),
        ("json", {"a": "1"}, '{"a":1}', False),
        ("json", '"a"', "a", False),
        ("json", "{a", "{a", True),
        ("jsonform", {"a": 0.1}, '{"a":0.10}', True),
        ("jsonform", '{"a": NaN}', '{"a": NaN}', True),
        ("jsonform", "[" * 100_000, "[" * 100_000, True),
        ("number", "1000", "1_000", False),
        ("number", "1.00000000000000000000000000000001", "1", False),
    ],
)  # fmt: skip
def test_a_type_tells_which_texts_mean_the_same(data: str, wanted: Any, live: str, same: bool):
    assert same_value(wanted, live, ValueType(data)) is same


@pytest.mark.parametrize(
    ("kind", "wanted", "live", "same"),
    [
        (LIST, ["1"], "[1]", True),
        (LIST, ["a", "b"], '["b","a"]', False),
        (LIST, ["a"], "a", False),
        (LIST, ["1.0"], '["1"]', False),
        (NUMBERS, ["1.0", 2], '["1",2.0]', True),
        (NUMBERS, ["1.0"], '["1.1"]', False),
        (ValueType("boolean", "valuelist"), [True], '["TRUE"]', True),
        (ValueType("number", "keyvaluelist"), {"a": 1.0}, '[{"key":"a","value":"1"}]', True),
        (LIST, None, "", True),
        (PAIRS, [{"key": "a", "value": "1"}], '[{"value":1,"key":"a"}]', True),
        (PAIRS, {"a": "1"}, '[{"key":"a","value":"1"}]', True),
        (PAIRS, {"a": "1"}, '{"a":"1"}', False),
    ],
)
def test_collections_are_compared_in_order(kind: ValueType, wanted: Any, live: str, same: bool):
    assert same_value(wanted, live, kind) is same


@pytest.mark.parametrize(
    ("wanted", "found", "same"),
    [(1, True, False), (0, False, False), (1, 1.0, True), ({"a": None}, {}, False), ([1], [1, 2], False)],
)
def test_json_is_compared_by_its_own_types(wanted: Any, found: Any, same: bool):
    assert same_json(wanted, found) is same


def test_the_live_type_shapes_what_git_left_as_a_map():
    live = instance(config={"Names": {"dataType": "STRING", "collectionType": "KEYVALUELIST", "value": "[]"}})
    found = request(copy({"config": {"Names": {"a": 1}}}), live)
    assert variable_inputs(found, ["Names"]) == [{"key": "Names", "value": '[{"key":"a","value":"1"}]'}]


@pytest.mark.parametrize(
    ("wanted", "found", "shown"),
    [
        ({"a": 1.0, "b": 2}, '{"b": 3, "a": 1}', ({"a": 1.0, "b": 3}, {"a": 1.0, "b": 2})),
        (
            [{"x": "é", "y": 1}],
            '[{"y": 2, "x": "\\u00e9"}, 1.50]',
            ([{"x": "é", "y": 2}, 1.5], [{"x": "é", "y": 1}]),
        ),
        ('{"a": 1, "b": 2}', '{"b": 2, "c": 0}', ({"b": 2, "c": 0}, {"a": 1, "b": 2})),
        ({"a": None}, '{"a": ""}', ({"a": ""}, {"a": None})),
        ("{a", '{"a": 1}', ('{"a": 1}', "{a")),
        ('{"a": 1.00000000000000000001}', '{"a": 1}', ('{"a": 1}', '{"a": 1.00000000000000000001}')),
    ],
)
def test_what_two_values_share_is_shown_alike(wanted: Any, found: str, shown: Any):
    before, after = beside(found, wanted, ValueType("json"))
    assert (str(before), str(after)) == tuple(map(str, shown))


# Shared connections

BOUND = {"Shared": {"customerConnection": "CustomerConnection/acme"}}


def test_a_shared_connection_is_bound_by_reference():
    wanted = copy({"config": BOUND})
    assert bindings(wanted) == [Ref(Address("CustomerConnection", "acme"))]
    assert variable_inputs(request(wanted), ["Shared"]) == [
        {"key": "Shared", "customerConfigVariableId": "acme:id"}
    ]


@pytest.mark.parametrize(("bound", "keys"), [("acme:id", []), ("beta:id", ["Shared"]), (None, ["Shared"])])
def test_a_binding_is_compared_by_id(bound: str | None, keys: list[str]):
    shared = {"dataType": "CONNECTION", "customerConfigVariable": {"id": bound} if bound else None}
    found = request(copy({"config": BOUND}), instance(config={"Shared": shared}))
    assert changed_keys(found) == keys
    assert [change.path for change in config_changes(found)] == [
        f"config.{k}.customerConnection" for k in keys
    ]


def test_an_id_is_taken_as_it_is():
    wanted = copy({"config": {"Shared": {"customerConnection": "Q3VzdG9t"}}})
    assert bindings(wanted) == []
    assert variable_inputs(request(wanted), ["Shared"])[0]["customerConfigVariableId"] == "Q3VzdG9t"
