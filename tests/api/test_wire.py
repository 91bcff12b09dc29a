"""What a server says, without what a call carried that is or may be a secret."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.api.wire import clean
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
