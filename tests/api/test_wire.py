"""What a server says, without what a call carried that is or may be a secret."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.api.answers import result
from reconciler.api.wire import clean, decode
from reconciler.model.errors import TooCostly
from reconciler.model.operation import Operation
from reconciler.model.secret import Secret, Unproven

WITHHELD = "(message withheld: it repeats a secret)"


@pytest.mark.parametrize(
    ("value", "said", "shown"),
    [
        (Secret("s3cret"), 'value "s3cret" is not allowed', 'value "(secret)" is not allowed'),
        (Secret("abc"), 'value "abc" is not allowed', WITHHELD),
        (Unproven("s3cret"), 'value "s3cret" is not allowed', 'value "(secret)" is not allowed'),
        # What is short, and only counts as a secret because of where it stands, hides nothing.
        (Unproven("is", sure=False), 'value "x" is not allowed', 'value "x" is not allowed'),
        (Secret("1", "live", sure=False), "1 of 1 is wrong", "1 of 1 is wrong"),
        (Secret("long", "live", sure=False), "a long story", "a (secret) story"),
        (Secret("[1, 22]", parts=("22",)), "22 is wrong", WITHHELD),
    ],
)
def test_a_message_is_cleaned_of_what_the_call_carried(value: Any, said: str, shown: str):
    assert clean(said, {"input": {"values": [value]}}) == shown


@pytest.mark.parametrize(
    "said", ["Query cost limit of 20000 exceeded, found 30000.", "Query is too complex: complexity 900"]
)
def test_a_query_that_costs_too_much_says_what_to_do(said):
    answer = decode(400, json.dumps({"errors": [{"message": said}]}).encode())
    with pytest.raises(TooCostly) as caught:
        result(Operation("instances", "{ instances { nodes { id } } }"), answer)
    assert said in caught.value.message
    assert "raise that bound" in caught.value.hint
